using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;

namespace Orleans.MasterSlave.Replication;

/// <summary>What every message of a master carries.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.master-header")]
internal sealed record MasterHeader(
    [property: Id(0)] NodeLife Sender,
    [property: Id(1)] StoreId Store,
    [property: Id(2)] Epoch Epoch,
    [property: Id(3)] long DataLossCount,
    [property: Id(4)] long RecordVersion,
    [property: Id(5)] bool InSync)
{
    /// <summary>Which making of the group the sender is master of (I4).</summary>
    [Id(6)] public GroupBirth Birth { get; init; }

    /// <summary>The level of the group's record and of what this master writes (I5).</summary>
    [Id(7)] public int Level { get; init; } = FormatLevel.Known;

    /// <summary>The node that this is for: a replica of another one, wherever it runs, does not take it (W3).</summary>
    [Id(8)] public required NodeId Receiver { get; init; }
}

/// <summary>Entries that follow <see cref="Previous"/>; none: a confirmation of the epoch, or news of the stable point (W3, W6).</summary>
[GenerateSerializer, Immutable, Alias("masterslave.append")]
internal sealed class AppendRequest
{
    [Id(0)] public required MasterHeader Header { get; init; }
    [Id(1)] public required LogPosition Previous { get; init; }
    [Id(2)] public required LogIndex Stable { get; init; }
    [Id(3)] public IReadOnlyList<LogEntry> Entries { get; init; } = [];

    /// <summary>Every in-sync replica holds the master's entries up to here: a slave's snapshot may cover them (C5).</summary>
    [Id(4)] public LogIndex Replicated { get; init; }

    /// <summary>The master's newest digest of its state; null: it has none yet.</summary>
    [Id(5)] public StateDigest? Digest { get; init; }

    /// <summary>
    /// The master has applied its entries up to here, and the receiver may: what ends a master's process does not reach its slaves (W6, W10).
    /// </summary>
    [Id(6)] public LogIndex Applied { get; init; }
}

/// <summary>A hash of a replica's state as it was right after an entry.</summary>
/// <param name="Position">The entry.</param>
/// <param name="Hashes">See <c>StateHash</c>.</param>
/// <param name="Code">What the replica ran: another version may write the same state otherwise, so only digests of the same code are compared.</param>
[GenerateSerializer, Immutable, Alias("masterslave.state-digest")]
internal sealed record StateDigest([property: Id(0)] LogPosition Position, [property: Id(1)] StateHashes Hashes, [property: Id(2)] string Code);

internal enum AppendOutcome
{
    /// <summary>Everything through <see cref="AppendReply.MatchedThrough"/> is the master's, and durable.</summary>
    Appended,

    /// <summary>The entry before is not the same here; <see cref="AppendReply.Hint"/> is where this log may agree.</summary>
    Mismatch,

    /// <summary>A higher epoch was promised.</summary>
    StaleEpoch,

    /// <summary>The log is being cut or replaced: ask again.</summary>
    Busy,

    /// <summary>This replica cannot follow (quarantined, or its log failed).</summary>
    Failed,

    /// <summary>It was for another node, and came to this one: nothing was taken.</summary>
    Misplaced,
}

[GenerateSerializer, Immutable, Alias("masterslave.append-reply")]
internal sealed record AppendReply
{
    [Id(0)] public required AppendOutcome Outcome { get; init; }
    [Id(1)] public LogIndex MatchedThrough { get; init; }
    [Id(2)] public LogPosition Hint { get; init; }
    [Id(3)] public Epoch PromisedEpoch { get; init; }

    /// <summary>The lease session under which the epoch is confirmed; null: no lease is given (L3).</summary>
    [Id(4)] public LeaseSession? Session { get; init; }

    /// <summary>The logs agree nowhere above this replica's snapshot: only a snapshot of the master helps (C3).</summary>
    [Id(5)] public bool NeedsSnapshot { get; init; }

    /// <summary>The log is the master's, but the state that came of it is another: the master's is wanted in its place.</summary>
    [Id(6)] public bool WantsState { get; init; }

    /// <summary>The node whose disk this speaks of: it counts for no other (W3).</summary>
    [Id(7)] public NodeId By { get; init; }

    /// <summary>Why the replica cannot follow, with <see cref="AppendOutcome.Failed"/>.</summary>
    [Id(8)] public string? Trouble { get; init; }

    /// <summary>How far the receiver has applied its log.</summary>
    [Id(9)] public LogIndex Applied { get; init; }

    /// <summary>The entry at which the receiver's process failed before; null: none (W10).</summary>
    [Id(10)] public Commit.SuspectEntry? Suspect { get; init; }
}

/// <summary>One piece of a snapshot (C4): staged until the last piece has come, then switched to at once.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.install")]
internal sealed class InstallRequest
{
    [Id(0)] public required MasterHeader Header { get; init; }
    [Id(1)] public required LogPosition Position { get; init; }
    [Id(2)] public required long DataLossCount { get; init; }
    [Id(3)] public required DateTime TimeUtc { get; init; }
    [Id(4)] public required int TotalBytes { get; init; }
    [Id(5)] public required int Offset { get; init; }
    [Id(6)] public required byte[] Chunk { get; init; }

    /// <summary>Only the state is replaced, by that of a position which the slave's log holds; the log stays.</summary>
    [Id(7)] public bool StateOnly { get; init; }
}

[GenerateSerializer, Immutable, Alias("masterslave.install-reply")]
internal sealed record InstallReply
{
    [Id(0)] public required AppendOutcome Outcome { get; init; }

    /// <summary>The offset that is wanted next; the total when the snapshot is installed.</summary>
    [Id(1)] public int NextOffset { get; init; }
    [Id(2)] public Epoch PromisedEpoch { get; init; }

    /// <summary>As <see cref="AppendReply.By"/>.</summary>
    [Id(3)] public NodeId By { get; init; }
}

/// <summary>How one replica stands, for those who must compare before they compete (D4), and for operators.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.replica-status")]
internal sealed record ReplicaStatus(
    [property: Id(0)] NodeLife Life,
    [property: Id(1)] ReplicaRole Role,
    [property: Id(2)] Epoch PromisedEpoch,
    [property: Id(3)] LogPosition Last,
    [property: Id(4)] LogIndex Received,
    [property: Id(5)] LogIndex Replicated,
    [property: Id(6)] LogIndex Committed,
    [property: Id(7)] string? Trouble)
{
    /// <summary>The making of the group that this replica's log is of; none: the log is empty.</summary>
    [Id(8)] public GroupBirth Birth { get; init; }
}

/// <summary>The way to the replica of the same group on another node. A task that fails or never ends means nothing about what happened there.</summary>
internal interface IReplicaLinks
{
    Task<AppendReply> AppendAsync(NodeId to, AppendRequest request);
    Task<InstallReply> InstallAsync(NodeId to, InstallRequest request);
    Task<ReplicaStatus> StatusAsync(NodeId to);
}
