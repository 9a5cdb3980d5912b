using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>A piece of a segment: a record whose header is sound, or a stretch that is none.</summary>
/// <param name="Offset">Where it begins.</param>
/// <param name="Length">How long it is.</param>
/// <param name="Header">The record's header; null for a stretch that cannot be read.</param>
/// <param name="BodyIsSound">Whether the body is what was written.</param>
internal readonly record struct ScanItem(int Offset, int Length, RecordHeader? Header, bool BodyIsSound)
{
    public bool IsSound => Header is not null && BodyIsSound;
}

/// <summary>
/// Walks the records of one segment. After damage it looks for the next place where a record is valid: a header is valid only at its own
/// offset of its own segment, so none is found by accident. Zeros up to the limit are the end.
/// </summary>
internal ref struct SegmentScanner(ReadOnlySpan<byte> segment, int limit, NodeId node, long number)
{
    private readonly ReadOnlySpan<byte> _segment = segment[..limit];
    private int _position = SegmentHeader.LengthIn(segment);

    public bool MoveNext(out ScanItem item)
    {
        item = default;
        if (_position >= _segment.Length) return false;
        var start = _position;
        if (TryRecord(start, out item))
        {
            _position += item.Length;
            return true;
        }

        var rest = _segment[start..];
        var used = rest.IndexOfAnyExcept((byte)0);
        if (used < 0) return false;

        // From the first byte in use, at the grid of 8, look for a record; the header's checksum may begin with zeros.
        for (_position = start + (Math.Max(0, used - 8) & ~7); _position < _segment.Length; _position += 8)
        {
            if (_position > start && TryRecord(_position, out _)) break;
        }

        _position = Math.Min(_position, _segment.Length);
        item = new ScanItem(start, _position - start, null, false);
        return true;
    }

    private readonly bool TryRecord(int at, out ScanItem item)
    {
        item = default;
        var from = _segment[at..];
        if (!RecordHeader.TryRead(from, RecordHeader.Seed(node, number, at), out var header)) return false;
        item = new ScanItem(at, header.RecordBytes, header, header.BodyIsSound(from[..header.RecordBytes]));
        return true;
    }
}
