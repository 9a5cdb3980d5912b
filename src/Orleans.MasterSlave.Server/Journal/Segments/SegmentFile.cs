namespace Orleans.MasterSlave.Journal;

/// <summary>One segment of the log.</summary>
internal sealed class SegmentFile(long number, string path) : LogFile(path)
{
    public long Number { get; } = number;

    /// <summary>Sum of the weights of its records. Written as <see cref="LogFile.End"/> is.</summary>
    public long Weight { get; set; }

    /// <summary>
    /// Bytes that a rewriting kept though no group needs them, such as cuts: to rewrite it again would gain nothing. Not known after a start, and not
    /// believed for ever: then one rewriting finds out anew.
    /// </summary>
    public long KeptBytes { get; set; }

    /// <summary>The number of the segment in use when <see cref="KeptBytes"/> was found.</summary>
    public long KeptAt { get; set; }
}

/// <summary>Where a record lies, and its length, which may be told about and does not make a difference. The default value is nowhere.</summary>
internal readonly record struct RecordPlace(SegmentFile? Segment, int Offset, int Bytes)
{
    public bool IsNowhere => Segment is null;

    public bool Equals(RecordPlace other) => Segment == other.Segment && Offset == other.Offset;

    public override int GetHashCode() => HashCode.Combine(Segment, Offset);
}
