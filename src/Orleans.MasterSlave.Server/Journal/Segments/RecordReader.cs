using System.Buffers;
using System.Buffers.Binary;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Reads one group's records back from their segments, and believes none that its checksums do not vouch for. Neighbours are read ahead. For one
/// call on the replica's thread; the reads are synchronous.
/// </summary>
internal sealed class RecordReader(SegmentFiles segments, NodeId node, GroupPins pins) : IDisposable
{
    private const int AloneBytes = 4 * 1024, AheadBytes = 64 * 1024;

    private byte[] _window = [];
    private SegmentFile? _file;
    private int _start, _length;

    /// <summary>Reads a durable entry.</summary>
    /// <exception cref="LogDamagedException">It is not what was written.</exception>
    /// <exception cref="LogReadException">The disk does not read it.</exception>
    public LogEntry ReadEntry(LogPosition position)
    {
        var found = Read(RecordType.Append, position, ahead: true);
        return EntryCodec.TryRead(found.Body, position) ?? throw Damaged(found.Place, "an append record is too short");
    }

    /// <summary>Reads the body of the record of the snapshot in use; it may be a snapshot's or an install's.</summary>
    /// <exception cref="LogDamagedException">It is not what was written.</exception>
    public byte[] ReadSnapshotBody(LogPosition position) => Read(RecordType.Snapshot, position, ahead: false).Body.ToArray();

    public void Dispose()
    {
        if (_window.Length > 0) ArrayPool<byte>.Shared.Return(_window);
        _window = [];
    }

    private Found Read(RecordType type, LogPosition position, bool ahead)
    {
        var place = PlaceOf(type, position);
        while (true)
        {
            if (place.IsNowhere) throw new ObjectDisposedException(nameof(FileLogger), $"Record {position} of '{pins.Group}' is no longer in the log: the group was dropped.");
            var want = ahead && pins.Find(position.Index.Next()) is var next && next.Segment == place.Segment && next.Offset - place.Offset < AheadBytes ? AheadBytes : AloneBytes;

            // What is in the window may have been read before this record was written, so a second look is a fresh one.
            if (TryRead(type, position, place, want, fresh: false, out var found) || TryRead(type, position, place, want, fresh: true, out found)) return found;
            var moved = PlaceOf(type, position);
            if (moved == place) throw Damaged(place, "a record cannot be read back");
            place = moved;
        }
    }

    private RecordPlace PlaceOf(RecordType type, LogPosition position) => type == RecordType.Append ? pins.Find(position.Index) : pins.Base;

    private bool TryRead(RecordType type, LogPosition position, RecordPlace place, int want, bool fresh, out Found found)
    {
        found = default;
        var head = RecordHeader.Bytes + pins.Name.Length;
        if (!Load(place, head, want, fresh)) return false;
        var size = (long)head + BinaryPrimitives.ReadUInt32LittleEndian(Window(place)[4..]);
        if (size > WriteAheadLogOptions.MaxSegmentBytes || !Load(place, (int)size + 7 & ~7, want, fresh: false)) return false;
        var from = Window(place);
        if (!RecordHeader.TryRead(from, RecordHeader.Seed(node, place.Segment!.Number, place.Offset), out var header)) return false;
        var record = from[..header.RecordBytes];
        var typeFits = header.Type == type || (type == RecordType.Snapshot && header.Type == RecordType.Install);
        if (!typeFits || header.Index != position.Index || header.Epoch != position.Epoch || !header.Group(record).SequenceEqual(pins.Name) || !header.BodyIsSound(record)) return false;
        found = new Found(header, record, place);
        return true;
    }

    private ReadOnlySpan<byte> Window(RecordPlace place) => _window.AsSpan(0, _length)[(place.Offset - _start)..];

    // Afterwards the window holds so many bytes from the place on; false when the file does not, or is retired.
    private bool Load(RecordPlace place, int needed, int want, bool fresh)
    {
        if (!fresh && _file == place.Segment && place.Offset >= _start && place.Offset + needed <= _start + _length) return true;
        want = Math.Max(needed, want);
        if (_window.Length < want)
        {
            Dispose();
            _window = ArrayPool<byte>.Shared.Rent(want);
        }

        (_file, _start, _length) = (null, 0, 0);
        try
        {
            if (!segments.Open.TryRead(place.Segment!, _window.AsSpan(0, want), place.Offset, out var read)) return false;
            (_file, _start, _length) = (place.Segment, place.Offset, read);
            return read >= needed;
        }
        catch (Exception ex) when (ex is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Damaged(place, "the file is missing", ex);
        }
        catch (Exception ex) when (ex is not LogReadException && FileErrors.IsOfDisk(ex))
        {
            throw new LogReadException(place.Segment!.Path, place.Offset, ex); // it does not open
        }
    }

    private LogDamagedException Damaged(RecordPlace place, string what, Exception? inner = null) =>
        LogDamagedException.Of(pins.Group, place.Segment!.Path, place.Offset, what, inner);

    private readonly ref struct Found(RecordHeader header, ReadOnlySpan<byte> record, RecordPlace place)
    {
        private readonly ReadOnlySpan<byte> _record = record;

        public RecordPlace Place => place;
        public ReadOnlySpan<byte> Body => header.Body(_record);
    }
}
