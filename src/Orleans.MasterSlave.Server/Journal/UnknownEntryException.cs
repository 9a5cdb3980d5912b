namespace Orleans.MasterSlave.Journal;

/// <summary>
/// An entry of a kind, or with flags, that this version does not act on. Whoever meets one stops following, before it is stored or applied: left out, it
/// would make replicas differ (I5).
/// </summary>
internal sealed class UnknownEntryException(LogEntry entry) : NotSupportedException(
    $"Entry {entry.Position} is of kind {Name(entry.Kind)} with flags {(byte)entry.Flags}, which this version does not know: start this silo with the newer version.")
{
    private static string Name(EntryKind kind) => Enum.IsDefined(kind) ? $"{(byte)kind} ({kind})" : $"{(byte)kind}";
}
