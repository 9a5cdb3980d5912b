namespace Orleans.MasterSlave.Journal;

/// <summary>
/// A file of the log that others may read while it is deleted or rewritten. A rewritten one is a new object with the same name; who still holds the old one
/// is told to look again (<see cref="OpenFiles"/>).
/// </summary>
internal abstract class LogFile(string path)
{
    public string Path { get; } = path;

    /// <summary>Where what is used of it ends. Set when it is read at the start, closed, or rewritten.</summary>
    public long End { get; set; }

    /// <summary>Damaged where nobody can say whose it was, or of no use to rewrite for other reasons: it is left as it is.</summary>
    public bool IsHarmed { get; set; }

    // Under the gate of OpenFiles.
    internal ILogFile? Handle { get; set; }
    internal int Users { get; set; }
    internal bool Retired { get; set; }
    internal long LastUse { get; set; }
}
