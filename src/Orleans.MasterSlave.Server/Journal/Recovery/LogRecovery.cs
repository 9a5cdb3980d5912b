using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Reads the log back (D2, D3): confirmed batches are taken in or, where damaged, quarantine the groups they touch; the unconfirmed tail is
/// copied to a new segment as far as it is whole, and cut and reported from the first torn record on.
/// </summary>
internal sealed partial class LogRecovery(LogDirectory directory, SegmentFiles segments, TimeProvider time, ILogger logger)
{
    private const int PieceBytes = 8 * 1024 * 1024;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<byte[], RecoveredGroup> _groups = new(GroupBytesComparer.Instance);
    private readonly RecoveryResult _result = new();
    private readonly BatchBuffer _tail = new();
    private readonly HashSet<RecoveredGroup> _torn = [];
    private long _ordinal, _unknownDamageOrdinal = -1;
    private long _started, _lastProgress, _bytesRead;
    private byte[] _bytes = [];

    /// <summary>Told of every sound record, in the order of the log.</summary>
    public RecordSeen? Seen { get; init; }

    /// <summary>Reads everything and begins a new segment; returns what was found and the writer for what comes next.</summary>
    public (RecoveryResult Result, SegmentWriter Writer, long DurableBatch) Run(int segmentBytes)
    {
        directory.Files.SyncDirectory(directory.Path);
        var (manifest, end, next) = ReadAll();
        _tail.Renumber(next);
        MarkTorn(segments.Of(manifest.Last + 1));
        var writer = new SegmentWriter(directory, segments, segmentBytes, manifest);
        writer.Start(end, _tail, shrinkPrevious: _result.FirstDamagedSegment == long.MaxValue);
        return (_result, writer, _tail.IsEmpty ? next - 1 : next);
    }

    /// <summary>Reads everything and writes nothing.</summary>
    public RecoveryResult Read()
    {
        ReadAll();
        return _result;
    }

    private (SegmentManifest Manifest, long End, long Next) ReadAll()
    {
        _started = _lastProgress = time.GetTimestamp();
        var manifest = SegmentManifest.Read(directory.Files, directory.Path, directory.NodeId);
        var found = ListSegments(manifest);
        var (end, next) = (0L, 1L);
        for (var i = 0; i < found.Count; i++)
        {
            var (file, header) = found[i];
            var isLast = i == found.Count - 1;
            var following = isLast ? null : found[i + 1].Header;
            var limit = header?.Rewritten?.End ?? (isLast ? manifest.LastLength : following?.PreviousEnd);
            (end, next) = Read(file, header, limit, isLast, following?.FirstBatch, next);
            file.End = end;
        }

        Finish();
        return (manifest, end, next);
    }

    // A rewritten segment stands for some before it, of which files may be left.
    private List<(SegmentFile File, SegmentHeader? Header)> ListSegments(SegmentManifest manifest)
    {
        var found = new List<(SegmentFile, SegmentHeader?)>();
        for (var number = manifest.Last; number >= manifest.First; number--)
        {
            var header = ReadHeader(number);
            found.Add((segments.Of(number), header));
            if (header?.Rewritten is { } rewritten) number = rewritten.From;
        }

        found.Reverse();
        return found;
    }

    private SegmentHeader? ReadHeader(long number)
    {
        var path = segments.PathOf(number);
        return directory.Files.Exists(path) ? SegmentHeader.Read(directory.Files, path, directory.NodeId, number) : null;
    }

    // Returns where this segment's confirmed batches end, and the number of the batch after them.
    private (long End, long Next) Read(SegmentFile file, SegmentHeader? header, long? limit, bool isLast, long? followingBatch, long next)
    {
        var (number, path) = (file.Number, file.Path);
        if (header is null)
        {
            DamageAll(number, 0, directory.Files.Exists(path) ? "its header is damaged" : "it is missing");
            return (SegmentHeader.Bytes, followingBatch ?? next);
        }

        var length = Load(path, number);
        if (limit is { } wanted && length < wanted) DamageAll(number, length, $"it is {length:N0} bytes long and was {wanted:N0}");
        var end = (int)Math.Min(limit ?? length, length);
        var segment = _bytes.AsSpan(0, end);
        var assembler = new BatchAssembler(header.Value.FirstBatch);
        var scanner = new SegmentScanner(segment, end, directory.NodeId, number);
        var confirmedTo = SegmentHeader.LengthIn(segment);
        while (scanner.MoveNext(out var item))
        {
            var (confirmed, missing) = assembler.Add(item, segment);
            foreach (var batch in confirmed) TakeConfirmed(batch, segment, file);
            if (missing) DamageAll(number, item.Offset, "batches are missing before this place");
            confirmedTo = item.Offset + item.Length;
            if ((_ordinal & 0x3FF) == 0) Report(number);
        }

        if (isLast)
        {
            foreach (var batch in assembler.Tail) TakeTail(batch, segment, file);
            var tail = assembler.Tail.Count > 0 ? assembler.Tail[0] : null;

            // A file that is too short must look too short at the next recovery as well.
            return (length < limit ? limit.Value : tail?.Start ?? confirmedTo, tail?.Number ?? assembler.Next);
        }

        foreach (var batch in assembler.Tail) TakeConfirmed(batch, segment, file);
        var following = header.Value.Rewritten?.NextBatch ?? assembler.Next; // a rewritten one has fewer batches than those it stands for
        if (confirmedTo < end || assembler.Next > following || (followingBatch is { } expected && expected != following))
            DamageAll(number, confirmedTo, "batches are missing at its end");
        return (confirmedTo, following);
    }

    private int Load(string path, long number)
    {
        using var file = directory.Files.Open(path);
        var length = checked((int)file.Length);
        if (_bytes.Length < length) _bytes = GC.AllocateUninitializedArray<byte>(length);
        for (var read = 0; read < length;)
        {
            var piece = file.ReadAt(_bytes.AsSpan(read, Math.Min(PieceBytes, length - read)), read);
            if (piece == 0) return read;
            read += piece;
            _bytesRead += piece;
            Report(number);
        }

        return length;
    }

    private void TakeConfirmed(RecoveredBatch batch, ReadOnlySpan<byte> segment, SegmentFile file)
    {
        var number = file.Number;
        foreach (var item in batch.Items)
        {
            if (item.IsSound) Apply(item, segment, number, new RecordPlace(file, item.Offset, item.Length));
            else if (item.Header is { } header && Find(header, segment.Slice(item.Offset, item.Length)) is { } group)
                Damage(group.FoundIn(file), number, item.Offset, "the body of a record is damaged");
            else DamageAll(number, item.Offset, "records are damaged", item.Offset + item.Length);
        }

        if (!batch.IsWhole && batch.Items.TrueForAll(item => item.IsSound)) DamageAll(number, batch.Start, "part of a batch is missing", batch.End);
    }

    // Whatever comes before the first thing that is wrong is kept, the rest cut; nobody was ever told that it was durable (D3), but the sync
    // may have succeeded just before the process died, so the groups are marked (D4).
    private void TakeTail(RecoveredBatch batch, ReadOnlySpan<byte> segment, SegmentFile file)
    {
        var number = file.Number;
        var cutFrom = -1;
        var unknown = false;
        foreach (var item in batch.Items)
        {
            if (cutFrom < 0 && item.IsSound)
            {
                Apply(item, segment, number, NextInTail(segments.Of(number + 1), item.Length)); // that is where the copy goes
                Copy(item, segment);
                continue;
            }

            if (cutFrom < 0) cutFrom = item.Offset;
            if (item.Header is not { } header) unknown = true;
            else if (header.GroupBytes == 0) unknown |= header.Type == RecordType.TornUnknown;
            else if (Find(header, segment.Slice(item.Offset, item.Length)) is { } group) _torn.Add(group.FoundAgain());
            else unknown = true;
        }

        if (batch.IsWhole) return;
        unknown |= !batch.ReachedEnd;
        if (unknown)
        {
            _torn.UnionWith(_groups.Values);
            _result.TornUnknown = true;
        }

        cutFrom = cutFrom < 0 ? batch.Start : cutFrom;
        _result.Findings.Add(new LogFinding(segments.PathOf(number), cutFrom, null, "the last batch was never confirmed and is torn", IsDamage: false) { End = batch.End });
        LogTornTail(segments.PathOf(number), cutFrom, unknown ? -1 : _torn.Count);
    }

    private RecordPlace NextInTail(SegmentFile file, int bytes) => new(file, SegmentHeader.Bytes + _tail.Length, bytes);

    private void Copy(in ScanItem item, ReadOnlySpan<byte> segment)
    {
        var header = item.Header!.Value;
        if (header.Type is RecordType.Batch or RecordType.Close) return;
        _tail.AddRecord(segment.Slice(item.Offset, item.Length));
    }

    private void Apply(in ScanItem item, ReadOnlySpan<byte> segment, long number, RecordPlace place)
    {
        _ordinal++;
        var header = item.Header!.Value;
        Seen?.Invoke(header, segment.Slice(item.Offset, item.Length), number, item.Offset, place.Segment!.Number == number);
        if (header.Type is RecordType.Batch or RecordType.Close) return;
        place.Segment!.Weight += PackedRecord.WeightOf(place.Bytes);
        if (header.Type == RecordType.TornUnknown)
        {
            (_result.TornUnknown, _result.TornUnknownPlace) = (true, place);
            return;
        }

        var record = segment.Slice(item.Offset, item.Length);
        if (Find(header, record) is not { } group)
            DamageAll(number, item.Offset, "a record's group cannot be read");
        else if (group.Apply(header, header.Body(record), place, _ordinal) is { } wrong)
            Damage(group, number, item.Offset, wrong);
    }

    private RecoveredGroup? Find(in RecordHeader header, ReadOnlySpan<byte> record)
    {
        var name = header.Group(record);
        var lookup = _groups.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (lookup.TryGetValue(name, out var group)) return group;
        if (!GroupBytes.TryParse(name, out var id)) return null;
        group = new RecoveredGroup(id, name.ToArray());
        _groups.Add(group.Name, group);
        return group;
    }

    private void Finish()
    {
        foreach (var group in _groups.Values)
        {
            if (group is { Damage: null, Dropped: false, Gap: { } gap }) Damage(group, gap.Segment, 0, gap.What);
            if (_result.UnknownDamage is { } damage)
            {
                if (group.WholeSince > _unknownDamageOrdinal) _result.Whole.Add(group.Group);
                else group.Damage ??= new LogDamagedException(damage.Message, damage.File, damage.Offset, group.Group);
            }

            if (group.Damage is not null && group.FirstSegment is { } held) group.Pins.HoldFrom(held);
            if (!group.Dropped) _result.Groups.Add(group.Group, group);
        }
    }

    // Durably, because a second crash must not make the log look whole (D4).
    private void MarkTorn(SegmentFile newSegment)
    {
        foreach (var group in _torn)
        {
            if (group.Dropped || group.TornEpoch >= group.EpochSeen) continue;
            group.TornEpoch = group.EpochSeen;
            if (group.Damage is null) group.Pins.Apply(RecordType.Control, 0, NextInTail(newSegment, RecordHeader.SizeOf(group.Name.Length, PromiseRecord.BodyBytes)));
            var body = _tail.BeginRecord(RecordType.Control, group.Name, new LogPosition(group.Promised, new LogIndex(group.TornEpoch)), PromiseRecord.BodyBytes);
            group.Birth.Value.TryWriteBytes(body);
            _tail.EndRecord();
        }

        if (!_result.TornUnknown || !_result.TornUnknownPlace.IsNowhere) return;
        _result.TornUnknownPlace = NextInTail(newSegment, RecordHeader.SizeOf(0, 0));
        _tail.BeginRecord(RecordType.TornUnknown, [], LogPosition.None, 0);
        _tail.EndRecord();
    }

    private void Damage(RecoveredGroup group, long segment, long offset, string what)
    {
        _result.FirstDamagedSegment = Math.Min(_result.FirstDamagedSegment, segment);
        var path = segments.PathOf(segment);
        _result.Findings.Add(new LogFinding(path, offset, group.Group, what, IsDamage: true));
        if (group.Damage is not null) return;
        group.Damage = LogDamagedException.Of(group.Group, path, offset, what);
        LogDamage(path, offset, group.Group.ToString(), what);
    }

    private void DamageAll(long segment, long offset, string what, long? end = null)
    {
        _result.FirstDamagedSegment = Math.Min(_result.FirstDamagedSegment, segment);
        _unknownDamageOrdinal = _ordinal;
        var path = segments.PathOf(segment);
        _result.Findings.Add(new LogFinding(path, offset, null, what, IsDamage: true) { End = end ?? offset });
        _result.UnknownDamage ??= new LogDamagedException(
            $"'{path}' is damaged at offset {offset}: {what}. It cannot be told which groups are touched, so all are quarantined on this node; their other replicas go on. What to do: docs/operations.md, Quarantine.",
            path, offset, null);
        LogDamage(path, offset, "all", what);
    }

    private void Report(long number)
    {
        if (time.GetElapsedTime(_lastProgress) < ProgressInterval) return;
        _lastProgress = time.GetTimestamp();
        LogProgress(number, _bytesRead, _ordinal, time.GetElapsedTime(_started));
    }
}
