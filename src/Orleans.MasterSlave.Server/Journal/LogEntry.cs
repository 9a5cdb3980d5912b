using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// What an entry is for. The numbers are part of the format (docs/log.md). All but <see cref="Operation"/> are <em>control entries</em>: the library's own.
/// </summary>
internal enum EntryKind : byte
{
    /// <summary>An operation of a caller.</summary>
    Operation = 1,

    /// <summary>The first entry of a new mastership; changes no state, and lays down what holds for the entries that follow (W7).</summary>
    Barrier = 2,

    /// <summary>An operator's word that an earlier entry is not to be applied (W10). Its payload: <c>SkipContent</c>.</summary>
    Skip = 3,

    /// <summary>The group's first state, from where it was kept before the grain was replicated. Its payload: <c>ImportContent</c>.</summary>
    Import = 4,
}

/// <summary>What an entry asks of every replica that applies it, beside its kind. The bits are part of the format (docs/log.md).</summary>
[Flags]
internal enum EntryFlags : byte
{
    None = 0,

    /// <summary>Each replica takes a digest of its state right after this entry, for comparison.</summary>
    DigestHere = 1,
}

/// <summary>One entry of a group's log. Immutable; the payload must not be changed after the entry was made.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.entry")]
internal sealed class LogEntry
{
    [Id(0)] public required EntryKind Kind { get; init; }
    [Id(1)] public required LogPosition Position { get; init; }

    /// <summary>The group's own time (W9): never before the previous entry's.</summary>
    [Id(2)] public required DateTime TimeUtc { get; init; }
    [Id(3)] public RequestId Request { get; init; }
    [Id(4)] public long AnsweredThrough { get; init; }

    /// <summary>How many data losses the group had when this entry's mastership began.</summary>
    [Id(5)] public long DataLossCount { get; init; }
    [Id(6)] public byte[] Payload { get; init; } = [];

    /// <summary>
    /// How long the group has been in service up to this entry, by the monotonic clocks of its masters: what idle clients are forgotten by (W1). Never
    /// goes back, and no wall clock has a part in it.
    /// </summary>
    [Id(7)] public TimeSpan SessionTime { get; init; }

    /// <summary>What the client had seen of the group when it first sent the request (W1).</summary>
    [Id(8)] public SessionToken Known { get; init; }

    /// <summary>
    /// XxHash3 of the payload as its client sent it, made when the operation was admitted: a retry has the same. The payload itself may
    /// be another, where incoming filters changed arguments.
    /// </summary>
    [Id(9)] public ulong PayloadChecksum { get; init; }

    /// <summary>An entry with one that this version does not know stops who follows (I5).</summary>
    [Id(10)] public EntryFlags Flags { get; init; }

    /// <summary>This version acts on what the entry asks of it. One that it does not know is never skipped: replicas would differ (I5).</summary>
    public bool IsUnderstood => Kind is EntryKind.Operation or EntryKind.Barrier or EntryKind.Skip or EntryKind.Import && (Flags & ~EntryFlags.DigestHere) == 0;

    public LogIndex Index => Position.Index;
    public Epoch Epoch => Position.Epoch;
}

/// <summary>A replica's state at one position (D6): what the log before it has become. Bytes only; the journal knows nothing of grains.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.snapshot")]
internal sealed class LogSnapshot
{
    [Id(0)] public required LogPosition Position { get; init; }
    [Id(1)] public required long DataLossCount { get; init; }

    /// <summary>Time of the entry at <see cref="Position"/>, so that the next entry's is not before it (W9).</summary>
    [Id(2)] public required DateTime TimeUtc { get; init; }

    /// <summary>Grain state and session table, serialized.</summary>
    [Id(3)] public required byte[] State { get; init; }
}
