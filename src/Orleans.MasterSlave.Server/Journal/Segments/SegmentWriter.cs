using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Where the next batch goes: the segment in use, the spare that follows it, and the list of segments. Used by the flushing thread only, and
/// by recovery before that thread starts.
/// </summary>
internal sealed class SegmentWriter(LogDirectory directory, SegmentFiles segments, int segmentBytes, SegmentManifest manifest) : IDisposable
{
    // A sync is faster when it does not have to note that blocks came into use, so small batches write zeros ahead of them.
    private const int ZeroAheadBytes = 256 * 1024;
    private const int SmallBatchBytes = 64 * 1024;
    private static readonly byte[] Zeros = new byte[ZeroAheadBytes];

    private ILogFile? _file;
    private ILogFile? _spare;
    private long _length;
    private long _zeroedTo;

    public long Current => manifest.Last;
    public long Oldest => manifest.First;
    public long Position { get; private set; }
    public long Remaining => _length - Position;
    public bool HasSpare => _spare is not null;
    public NodeId Node => directory.NodeId;

    /// <summary>The segment in use.</summary>
    public SegmentFile CurrentFile { get; private set; } = null!;

    /// <summary>Held while segments are deleted, or replaced by rewritten ones: by the flushing thread, or by a rewriter.</summary>
    public Lock Structure { get; } = new();

    /// <summary>
    /// Begins a life of the log in a new segment. The batches in <paramref name="tail"/> are those that recovery read but cannot know confirmed
    /// (D2): they are copied, and only when the copy is durable does the list of segments switch to it.
    /// </summary>
    public void Start(long previousEnd, BatchBuffer tail, bool shrinkPrevious)
    {
        var number = manifest.Last + 1;
        DeleteLeftovers();
        var length = Math.Max(segmentBytes, SegmentHeader.Bytes + (tail.IsEmpty ? 0 : tail.Length) + segmentBytes / 2L);
        var file = CreateReserved(number, length);
        try
        {
            file.Write(new SegmentHeader(Node, number, previousEnd, tail.Number).ToBytes(), 0);
            if (!tail.IsEmpty) file.Write(tail.Seal(Node, number, SegmentHeader.Bytes), SegmentHeader.Bytes);
            file.Sync();
            directory.Files.SyncDirectory(directory.Path);
            var next = manifest with { Last = number, LastLength = length };
            next.Write(directory.Files, directory.Path);
            Use(file, next, SegmentHeader.Bytes + (tail.IsEmpty ? 0 : tail.Length), length);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        if (shrinkPrevious && number > manifest.First) ShrinkTo(number - 1, previousEnd);
    }

    /// <summary>Writes a batch and returns when it is durable.</summary>
    public void Write(BatchBuffer batch)
    {
        if (batch.Length > Remaining) Roll(batch.Number);
        var file = _file!;
        file.Write(batch.Seal(Node, Current, Position), Position);
        var end = Position + batch.Length;
        if (end > _zeroedTo)
        {
            _zeroedTo = end;
            if (batch.Length < SmallBatchBytes)
            {
                var ahead = (int)Math.Min(ZeroAheadBytes, _length - end);
                file.Write(Zeros.AsSpan(0, ahead), end);
                _zeroedTo += ahead;
            }
        }

        file.Sync();
        Position = end;
        CurrentFile.Weight += batch.Weight;
    }

    /// <summary>Reserves the segment after the current one, and room for the list that will name it.</summary>
    /// <exception cref="LogFullException">There is no room; nothing has changed.</exception>
    public void PrepareSpare()
    {
        AtomicFile.Prepare(directory.Files, directory.Path, SegmentManifest.FileName, SegmentManifest.Bytes);
        if (_spare is not null) return;
        var spare = CreateReserved(Current + 1, segmentBytes);
        try
        {
            spare.Sync();
            directory.Files.SyncDirectory(directory.Path);
            _spare = spare;
        }
        catch
        {
            spare.Dispose();
            throw;
        }
    }

    /// <summary>Deletes the oldest segments up to one that is needed or in use; returns how many.</summary>
    public int DeleteUnneeded(SegmentPins pins)
    {
        if (pins.IsNeeded(manifest.First) || manifest.First == manifest.Last) return 0;
        lock (Structure) return DeleteUnneededLocked(pins);
    }

    private int DeleteUnneededLocked(SegmentPins pins)
    {
        var first = manifest.First;
        while (first < manifest.Last && !pins.IsNeeded(first)) first++;
        var before = manifest.First;
        var next = manifest with { First = first };
        try
        {
            next.Write(directory.Files, directory.Path);
        }
        catch (LogFullException)
        {
            return 0; // not a block left even for the list; the next attempt finds one, or the next
        }

        manifest = next;
        foreach (var file in segments.All())
        {
            if (file.Number >= first) break;
            segments.Retire(file);
            directory.Files.Delete(file.Path);
        }

        return (int)(first - before);
    }

    public void Dispose()
    {
        _file?.Dispose();
        if (_spare is null) return;
        _spare.Dispose();
        directory.Files.Delete(segments.PathOf(Current + 1));
    }

    private void Roll(long firstBatch)
    {
        var file = _spare ?? throw new InvalidOperationException("No spare segment: more was accepted than the segment in use can take.");
        var end = Position;
        var number = Current + 1;
        file.Write(new SegmentHeader(Node, number, end, firstBatch).ToBytes(), 0);
        file.Sync();
        var next = manifest with { Last = number, LastLength = segmentBytes };
        _spare = null; // no spare to be deleted any more: also when the list could not be written, the one on the disk may name it
        try
        {
            next.Write(directory.Files, directory.Path);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        Use(file, next, SegmentHeader.Bytes, segmentBytes);
        ShrinkTo(number - 1, end);
    }

    private void Use(ILogFile file, SegmentManifest next, long position, long length)
    {
        _file?.Dispose();
        if (CurrentFile is { } left) left.End = Position;
        _file = file;
        CurrentFile = segments.Of(next.Last);
        manifest = next;
        Position = position;
        _length = length;
        _zeroedTo = position;
    }

    // Not synced, and need not be: what lies beyond the end is not looked at any more.
    private void ShrinkTo(long number, long end)
    {
        var path = segments.PathOf(number);
        if (!directory.Files.Exists(path)) return;
        using var file = directory.Files.Open(path);
        if (file.Length > end) file.Truncate(end);
    }

    private ILogFile CreateReserved(long number, long length)
    {
        var path = segments.PathOf(number);
        directory.Files.Delete(path);
        var file = directory.Files.Create(path);
        try
        {
            file.Reserve(length);
            return file;
        }
        catch
        {
            file.Dispose();
            directory.Files.Delete(path);
            throw;
        }
    }

    // What recovery did not take in: a spare, a copy that was not switched to, or one whose deletion a crash interrupted.
    private void DeleteLeftovers()
    {
        foreach (var name in directory.Files.List(directory.Path))
            if (name.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal) || (SegmentHeader.TryParseFileName(name, out var number) && !segments.Contains(number)))
                directory.Files.Delete(System.IO.Path.Combine(directory.Path, name));
    }
}
