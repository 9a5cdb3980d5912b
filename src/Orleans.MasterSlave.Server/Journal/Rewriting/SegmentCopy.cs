using System.Buffers.Binary;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The copy of what is needed of some neighbouring segments, record by record and in their order, so that reading it back gives the same as reading
/// them. Written beside them; nothing refers to it until the rewriter switches.
/// </summary>
internal sealed class SegmentCopy : IDisposable
{
    private const int PieceBytes = 1024 * 1024;

    private readonly NodeId _node;
    private readonly SegmentFiles _segments;
    private readonly SegmentPins _pins;
    private readonly SegmentFile _to;
    private readonly bool _isFirst;
    private readonly ILogFile _file;
    private readonly BatchBuffer _batch = new();
    private readonly List<(GroupPins Group, RecordMove Move)> _inBatch = [];
    private byte[] _window = new byte[2 * PieceBytes];
    private SegmentHeader? _firstHeader;
    private long _position = SegmentHeader.RewrittenBytes;

    /// <param name="node">Whose log it is.</param>
    /// <param name="segments">The log's files.</param>
    /// <param name="pins">Says what is needed.</param>
    /// <param name="file">The new file, empty.</param>
    /// <param name="to">The segment that it is to be.</param>
    /// <param name="isFirst">No segment is older: of a group that is gone, nothing is left that its drop would have to take back.</param>
    public SegmentCopy(NodeId node, SegmentFiles segments, SegmentPins pins, ILogFile file, SegmentFile to, bool isFirst)
    {
        (_node, _segments, _pins, _file, _to, _isFirst) = (node, segments, pins, file, to, isFirst);
    }

    /// <summary>Length of a copy without records.</summary>
    public static int EmptyBytes => SegmentHeader.RewrittenBytes + BatchBuffer.EmptyBytes;

    /// <summary>How long it is so far, in bytes.</summary>
    public long Length => _position + _batch.Length;

    public Dictionary<GroupPins, List<RecordMove>> Moves { get; } = [];

    /// <summary>Why something could not be read.</summary>
    public string? Wrong { get; private set; }

    /// <summary>Copies one segment, piece by piece. False when it cannot be read.</summary>
    /// <exception cref="LogFullException">There is no room.</exception>
    public async Task<bool> AddAsync(SegmentFile from, RewritePace pace)
    {
        if (ReadHeader(from) is not { } header) return false;
        if (_firstHeader is null) _batch.Begin(header.FirstBatch);
        _firstHeader ??= header;
        var at = (long)header.HeaderBytes;
        while (at < from.End)
        {
            var used = CopyPiece(from, at);
            if (used <= 0) return false;
            at += used;
            await pace.WaitAsync(used);
        }

        return true;
    }

    /// <summary>Writes the header, which makes the copy whole, and makes it durable.</summary>
    /// <param name="nextBatch">Number of the batch that follows.</param>
    public void Finish(long nextBatch)
    {
        if (!_batch.IsEmpty) WriteBatch();
        else _file.Reserve(_position);
        var first = _firstHeader!.Value;
        var rewritten = new Rewritten(first.Rewritten?.From ?? first.Number, _position, nextBatch);
        var header = new SegmentHeader(_node, _to.Number, first.PreviousEnd, first.FirstBatch, rewritten);
        _file.Write(header.ToBytes(), 0);
        _file.Sync();
        _to.End = _position;
    }

    public SegmentHeader? ReadHeader(SegmentFile from)
    {
        var bytes = new byte[SegmentHeader.RewrittenBytes];
        if (!TryRead(from, bytes, 0, out var read)) return null;
        try
        {
            return SegmentHeader.Read(bytes.AsSpan(0, read), from.Path, _node, from.Number);
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            Wrong = ex.Message; // not a segment any more, or another's
            return null;
        }
    }

    public void Dispose() => _file.Dispose();

    // Returns how far it came; 0 when the record at the place cannot be read.
    private int CopyPiece(SegmentFile from, long at)
    {
        if (!TryRead(from, _window.AsSpan(0, (int)Math.Min(_window.Length, from.End - at)), at, out var read)) return 0;
        var used = 0;
        while (used < read && used < PieceBytes)
        {
            var rest = _window.AsSpan(used, read - used);
            if (!RecordHeader.TryRead(rest, RecordHeader.Seed(_node, from.Number, at + used), out var header))
            {
                if (used > 0) break;
                return Grow(rest, from.End - at) ? CopyPiece(from, at) : 0;
            }

            Copy(header, rest[..header.RecordBytes], new RecordPlace(from, (int)(at + used), header.RecordBytes));
            used += header.RecordBytes;
        }

        return used;
    }

    // A record longer than the window; what its length says is not vouched for yet.
    private bool Grow(ReadOnlySpan<byte> from, long left)
    {
        if (from.Length < RecordHeader.Bytes) return false;
        var size = RecordHeader.Bytes + 8L + BinaryPrimitives.ReadUInt16LittleEndian(from[26..]) + BinaryPrimitives.ReadUInt32LittleEndian(from[4..]);
        if (size <= _window.Length || size > left + 8) return false;
        _window = new byte[size];
        return true;
    }

    private void Copy(in RecordHeader header, ReadOnlySpan<byte> record, RecordPlace place)
    {
        // No batch is split, so there are never more of them than there were.
        if (header.Type == RecordType.Batch && _batch.Length >= PieceBytes) WriteBatch();
        if (header.Type is RecordType.Batch or RecordType.Close) return;
        var (use, owner) = _pins.UseOf(header.Group(record), header.Type, header.Index, place);
        if (use == RecordUse.None && header.Type == RecordType.Install)
        {
            // What came before it must not come back to life, so something that forgets it takes its place.
            _batch.BeginRecord(RecordType.Drop, header.Group(record), LogPosition.None, 0);
            _batch.EndRecord();
        }

        if (use == RecordUse.None) return;
        if (use is null && (_isFirst || header.Type is not (RecordType.Cut or RecordType.Drop))) return; // a group that is gone
        if (owner is not null) _inBatch.Add((owner, new RecordMove(header.Type, header.Index, place, _batch.Length)));
        _batch.AddRecord(record);
    }

    private void WriteBatch()
    {
        _file.Reserve(_position + _batch.Length);
        _file.Write(_batch.Seal(_node, _to.Number, _position), _position);
        foreach (var (group, move) in _inBatch)
        {
            if (!Moves.TryGetValue(group, out var moves)) Moves[group] = moves = [];
            moves.Add(move with { Offset = (int)_position + move.Offset });
        }

        _inBatch.Clear();
        _position += _batch.Length;
        _to.Weight += _batch.Weight;
        _batch.Begin(_batch.Number + 1);
    }

    private bool TryRead(SegmentFile from, Span<byte> to, long at, out int read)
    {
        read = 0;
        Wrong = $"what lies at offset {at} cannot be read";
        try
        {
            return _segments.Open.TryRead(from, to, at, out read);
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            Wrong = ex.Message;
            return false;
        }
    }
}
