using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Replication.Master;

namespace Orleans.MasterSlave.Replicas;

/// <summary>Everything a replica touches: behind interfaces, so that the same code runs in a silo and in a simulation.</summary>
internal sealed class ReplicaEnvironment
{
    public required GroupId Group { get; init; }
    public required NodeLiveness Liveness { get; init; }
    public required IReplicaListener Listener { get; init; }
    public required IReplicaLog Log { get; init; }
    public required IGroupCoordinator Coordinator { get; init; }
    public required IReplicaLinks Links { get; init; }
    public required IReplicatedObject Object { get; init; }

    /// <summary>What this node remembers of entries that failed (W10).</summary>
    public required IEntryMarks Marks { get; init; }
    public required TimeProvider Time { get; init; }
    public required IGroupClock Clock { get; init; }
    public required ReplicaLimits Limits { get; init; }
    public required IReplicaEvents Events { get; init; }

    /// <summary>A number never given before in this life of the process.</summary>
    public required Func<long> NextClaimNumber { get; init; }

    /// <summary>Makes the birth of a new group: random, never the same again (I4).</summary>
    public required Func<GroupBirth> NewBirth { get; init; }

    /// <summary>Makes the key of a new mastership: 256 random bits, never the same again (W9).</summary>
    public required Func<DrawKey> NewDrawKey { get; init; }

    /// <summary>The code that this process runs.</summary>
    public required CodeVersion Version { get; init; }

    /// <summary>Finds out who holds data of the group, before one is made that has no record (I4).</summary>
    public required IDataSearch Search { get; init; }

    /// <summary>The process that used this log directory before is known to be dead: it may not hold a lease any more (G4).</summary>
    public required bool PreviousLifeProvedDead { get; init; }

    /// <summary>May this process do, now, what needs no other node's consent (I2)? From any thread.</summary>
    public required Func<LoneAct, bool> MayActAlone { get; init; }

    /// <summary>Where a node runs today, or ran last, for views.</summary>
    public required Func<NodeId, NodeAddress> Locate { get; init; }

    /// <summary>Where replicas of the group can live.</summary>
    public required IReplicaPlaces Places { get; init; }

    public NodeLife Self => Liveness.Self;
    public TimeSpan Now => Liveness.Now;
}

/// <summary>Bounds and waits of one replica (see MasterSlaveOptions for meaning and defaults).</summary>
internal sealed record ReplicaLimits
{
    public int MaxOperationsInFlight { get; init; } = 10_000;
    public long MaxBytesInFlight { get; init; } = 64 << 20;
    public int MaxOperationBytes { get; init; } = 4 << 20;
    public int MaxBatchEntries { get; init; } = 512;
    public int MaxBatchBytes { get; init; } = 1 << 20;
    public int MaxBatchesInFlight { get; init; } = 8;
    public long MaxSlaveLagEntries { get; init; } = 100_000;
    public long MaxSlaveLagBytes { get; init; } = 256L << 20;
    public int SnapshotChunkBytes { get; init; } = 256 << 10;
    /// <summary>What a slave needs beyond its wait to take over: a look at the clock, a read and a swap of the record (G5).</summary>
    public TimeSpan TakeoverTime { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>For how long a new master of two nodes does not give the group back to the one that it has it from, though it hears nobody (G5).</summary>
    public TimeSpan HoldOff { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>For how long a group has fewer replicas in sync than asked for before somebody is told.</summary>
    public TimeSpan AbsenceToldAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How soon it is told again, if the reasons have changed.</summary>
    public TimeSpan AbsenceToldAgainAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For how long a master that may die of an entry waits to hear who else did (W10).</summary>
    public TimeSpan HearSuspicions { get; init; } = TimeSpan.FromSeconds(2);
    public TimeSpan LinkTimeout { get; init; } = TimeSpan.FromSeconds(1);
    public TimeSpan StableNoticeDelay { get; init; } = TimeSpan.FromMilliseconds(2);
    public TimeSpan ReadWait { get; init; } = TimeSpan.FromMilliseconds(50);
    public TimeSpan ServeWait { get; init; } = TimeSpan.FromMilliseconds(200);
    public TimeSpan MaxStaleness { get; init; } = TimeSpan.FromSeconds(2);
    public SessionLimits Sessions { get; init; } = new(10_000, 4_096, TimeSpan.FromHours(1));
    public SnapshotTrigger Snapshots { get; init; } = new(10_000, 4 << 20);
    public DigestTrigger Digests { get; init; } = new(1_000);
}

/// <summary>What happens to a replica, for logs, metrics and operators.</summary>
internal interface IReplicaEvents
{
    void BecameMaster(GroupRecord record);
    void SteppedDown(Epoch epoch, string reason);
    /// <summary>The silo stops in order.</summary>
    void Resigned(Epoch epoch, string reason);
    void Shrunk(NodeId slave, GroupRecord record);
    void Grown(NodeId slave, GroupRecord record);
    /// <summary>A node entered the replicas of a group that had too few (G8).</summary>
    void Entered(NodeId node, GroupRecord record);
    /// <summary>For longer than a moment fewer replicas are in sync than the author asks for.</summary>
    void ReplicasMissing(GroupRecord record, int wanted, IReadOnlyList<Absence> missing);
    /// <summary>After <see cref="ReplicasMissing"/>: as many as asked for are in sync.</summary>
    void AllInSync(GroupRecord record);
    /// <summary>After <see cref="ReplicasMissing"/>: this replica is no longer master.</summary>
    void NotWatchedAnyMore();
    void Orphaned(int count, LogPosition after);
    void SnapshotInstalled(LogPosition position);
    void Quarantined(string reason, Exception? error);
    /// <summary>The state could not be serialized: the log is kept, and grows (D6).</summary>
    void SnapshotFailed(Exception error);
    /// <summary>The author's import of a first state failed; callers are told, and it is tried again for later ones (G12).</summary>
    void FirstStateFailed(Exception error);
    /// <summary>The group has its first state; 0 bytes: there was none to import (G12).</summary>
    void FirstStateImported(LogPosition position, int bytes);
    /// <summary>Operations are applied here that another version of the application accepted.</summary>
    void AppliesForVersion(CodeVersion version);
    /// <summary>This slave's state is not what its master's was at the same position, though their logs are the same (W11).</summary>
    void StateDiffers(LogPosition at, LogPosition lastEqual, string operations, bool rebuilds);
    /// <summary>The values are the master's, and a collection holds them in another order.</summary>
    void StateOrderDiffers(LogPosition at, string operations);
    /// <summary>The master's state was put in the place of one that differed.</summary>
    void StateRebuilt(LogPosition at);
    /// <summary>Nothing is applied from an entry on, before an operator has decided (W10).</summary>
    void StoppedAt(EntryStop stop);
    /// <summary>An operator has an entry skipped.</summary>
    void Skipped(LogPosition entry);
    /// <summary>User code blocks the replica's thread: its mastership is given up without it (L6). From any thread.</summary>
    void Blocked(string reason);
    /// <summary>A task that nobody waits for, or a call of the silo, failed and should not.</summary>
    void Unexpected(string what, Exception error);
    /// <summary>The group store does not answer; the replica goes on as it is (seed faults 1 and 2) and asks again.</summary>
    void StoreUnreachable(Exception error);
    /// <summary>A promotion in asynchronous mode: the last entry here, and the last that the old master is known to have had (C5).</summary>
    void DataLossPossible(GroupRecord record, LogPosition last, LogIndex heardOf);
    /// <summary>A read's session token is from before a data loss (R1).</summary>
    void TokenLost(bool refused);
    /// <summary>The group's time was so far ahead of the clocks that a new mastership set it back (W9).</summary>
    void GroupTimeSetBack(TimeSpan by);
    /// <summary>The group has no record and these nodes hold data of it: none is made (I4).</summary>
    void FoundingRefused(IReadOnlyList<string> holders);
    /// <summary>A group is made although these did not say whether they hold data of it (I4).</summary>
    void FoundedUnasked(IReadOnlyList<string> silent);
}
