namespace Orleans.MasterSlave.Journal;

/// <summary>Sizes and limits of the silo's log.</summary>
internal sealed class WriteAheadLogOptions
{
    public const int MinSegmentBytes = 16 * 1024;
    public const int MaxSegmentBytes = 512 * 1024 * 1024; // half of what places of records reach: a rewritten segment may be somewhat longer than the others

    /// <summary>
    /// Length of a segment file, taken from the disk when it is made; there is always one spare. Also the length from which on a file of the snapshot log is not
    /// written on. 16 KiB to 512 MiB; the default is 64 MiB.
    /// </summary>
    public int SegmentBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// A snapshot up to this size is kept in the log itself, where it costs no sync of its own; a larger one goes to the snapshot log.
    /// 0 or more, of which at most an eighth of <see cref="SegmentBytes"/> is used; the default is 64 KiB.
    /// </summary>
    public int InlineSnapshotBytes { get; set; } = 64 * 1024;

    /// <summary>
    /// From this number of segments on, groups that hold the oldest segment are asked to take a snapshot (D5). 2 to 10 000; the default is 4.
    /// </summary>
    public int SnapshotAfterSegments { get; set; } = 4;

    /// <summary>
    /// Bytes of durable entries, of all groups together, that are kept in memory; older ones are read from their segment. 0 or more; the default is 64 MiB.
    /// </summary>
    public long RecentEntriesBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// Clears away in the background: rewrites old segments and snapshot files of which little is needed, deletes snapshot files of which nothing is. The default is
    /// true; without it nothing of that happens until it is asked for, as tests need that are to replay.
    /// </summary>
    public bool CleanInBackground { get; set; } = true;

    /// <summary>
    /// How fast segments and snapshot files of which little is needed are read to be rewritten (D5), in bytes per second. 1 MiB or more; the default is 32 MiB.
    /// </summary>
    public long RewriteBytesPerSecond { get; set; } = 32 * 1024 * 1024;

    /// <summary>Bytes that may wait for the disk at one time; more is refused with <see cref="LogFullException"/>. A quarter of a segment.</summary>
    /// <remarks>So what was accepted before the disk was found full always fits into the segment in use.</remarks>
    public int MaxPendingBytes => SegmentBytes / 4;

    public void Validate()
    {
        Check(SegmentBytes is >= MinSegmentBytes and <= MaxSegmentBytes, nameof(SegmentBytes), $"{MinSegmentBytes} to {MaxSegmentBytes}");
        Check(InlineSnapshotBytes >= 0, nameof(InlineSnapshotBytes), "0 or more");
        Check(RecentEntriesBytes >= 0, nameof(RecentEntriesBytes), "0 or more");
        Check(RewriteBytesPerSecond >= 1024 * 1024, nameof(RewriteBytesPerSecond), "1 MiB or more");
        Check(SnapshotAfterSegments is >= 2 and <= 10_000, nameof(SnapshotAfterSegments), "2 to 10000");
    }

    private static void Check(bool holds, string name, string range)
    {
        if (!holds) throw new ArgumentOutOfRangeException(name, $"{name} must be {range}.");
    }
}
