namespace Orleans.MasterSlave.Journal;

/// <summary>One file of the log. When a segment is rewritten, its number gets a new object; who still holds the old one is told to look again.</summary>
internal sealed class SegmentFile(long number, string path)
{
    public long Number { get; } = number;
    public string Path { get; } = path;

    /// <summary>Where its batches end. Set by recovery, by the flushing thread when it leaves the segment, or when it was rewritten.</summary>
    public long End { get; set; }

    /// <summary>Sum of the weights of its records. Written as <see cref="End"/> is.</summary>
    public long Weight { get; set; }

    /// <summary>
    /// Bytes that a rewriting kept though no group needs them, such as cuts: to rewrite it again would gain nothing. Not known after a start, and not
    /// believed for ever: then one rewriting finds out anew.
    /// </summary>
    public long KeptBytes { get; set; }

    /// <summary>The number of the segment in use when <see cref="KeptBytes"/> was found.</summary>
    public long KeptAt { get; set; }

    /// <summary>Damaged where nobody can say whose it was, or the header after it is: it is left as it is.</summary>
    public bool IsHarmed { get; set; }

    // Under the gate of SegmentFiles.
    internal ILogFile? Handle { get; set; }
    internal int Users { get; set; }
    internal bool Retired { get; set; }
    internal long LastUse { get; set; }
}

/// <summary>Where a record lies, and its length, which may be told about and does not make a difference. The default value is nowhere.</summary>
internal readonly record struct RecordPlace(SegmentFile? Segment, int Offset, int Bytes)
{
    public bool IsNowhere => Segment is null;

    public bool Equals(RecordPlace other) => Segment == other.Segment && Offset == other.Offset;

    public override int GetHashCode() => HashCode.Combine(Segment, Offset);
}
