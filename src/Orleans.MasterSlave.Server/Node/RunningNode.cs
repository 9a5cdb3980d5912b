using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Shell;

namespace Orleans.MasterSlave.Node;

/// <summary>Everything that the replicas of one silo share, once its log is open and its start is counted. Thread-safe.</summary>
internal sealed class RunningNode
{
    private readonly Lock _lock = new();
    private readonly Dictionary<GroupId, ReplicaShell> _replicas = [];
    private readonly Dictionary<GroupId, Task> _ends = [];
    private (string Reason, Exception Error)? _failed;
    private long _lastClaim;

    public required NodeLiveness Liveness { get; init; }
    public required NodeClock Clock { get; init; }
    public required NodeDirectory Nodes { get; init; }

    /// <summary>Makes the search for data of a group on the other nodes (I4).</summary>
    public required Func<GroupId, IDataSearch> SearchFor { get; init; }
    public required GroupCoordinators Coordinators { get; init; }
    public required ReplicaLimits Limits { get; init; }
    public required MasterSlaveMetrics Metrics { get; init; }
    public required NodeFaults Faults { get; init; }
    public required WriteAheadLog Log { get; init; }

    /// <summary>The code that this process runs: stands in the barriers of its masterships.</summary>
    public required CodeVersion Version { get; init; }
    public required ReplayedVersions ReplayedVersions { get; init; }

    /// <summary>What this node remembers of entries that ended its process (W10).</summary>
    public required EntryMarks Marks { get; init; }

    /// <summary>This process is its node by this (I2).</summary>
    public required NodeLease Lease { get; init; }

    public IReplicaLog OpenLog(GroupId group) => Log.OpenReplica(group);

    /// <summary>Never given before in this life of the process.</summary>
    public long NextClaimNumber() => Interlocked.Increment(ref _lastClaim);

    public void Add(ReplicaShell replica)
    {
        (string Reason, Exception Error)? failed;
        lock (_lock)
        {
            _replicas[replica.Group] = replica;
            failed = _failed;
        }

        if (failed is { } all) replica.Fail(all.Reason, all.Error);
    }

    /// <summary>A replica's activation ends; the next one of that group waits until nothing of it touches the log any more.</summary>
    public void Remove(ReplicaShell replica, Task end)
    {
        lock (_lock)
        {
            if (_replicas.GetValueOrDefault(replica.Group) == replica) _replicas.Remove(replica.Group);
            _ends[replica.Group] = end;
        }
    }

    /// <summary>The end of the group's replica that was here before, in this life of the process; null: there was none.</summary>
    public Task? EndOfPrevious(GroupId group)
    {
        lock (_lock) return _ends.GetValueOrDefault(group);
    }

    public IReadOnlyList<ReplicaShell> Replicas()
    {
        lock (_lock) return [.. _replicas.Values];
    }

    /// <summary>What <see cref="BlockWatch"/> looks at: the replicas that have something under way.</summary>
    public IReadOnlyList<ReplicaShell> Busy()
    {
        lock (_lock) return [.. _replicas.Values.Where(r => r.UnderWay is not null)];
    }

    /// <summary>The silo can serve nothing any more: every replica is quarantined, also those that begin later (D2, L6, I2).</summary>
    public void FailAll(string reason, Exception error)
    {
        lock (_lock) _failed ??= (reason, error);
        ForEach(replica => replica.Fail(reason, error));
    }

    /// <summary>
    /// The silo is about to stop: every replica gives up its office and is a slave only until its master has taken it out (L6).
    /// </summary>
    public void LeaveAll(string reason) => ForEach(replica => replica.Leave(reason));

    /// <summary>The silo stops: every replica gives up its office (L6).</summary>
    public void ResignAll(string reason) => ForEach(replica => replica.Resign(reason));

    /// <summary>Nodes, or the classes of their silos, came or went: groups with too few replicas may get another (G8).</summary>
    public void PlacesChanged() => ForEach(replica => replica.PlacesChanged());

    /// <summary>Asks those of these groups that have a replica here for a snapshot (D5).</summary>
    public void AskForSnapshots(IReadOnlySet<GroupId> groups)
    {
        ReplicaShell[] asked;
        lock (_lock) asked = [.. groups.Select(_replicas.GetValueOrDefault).OfType<ReplicaShell>()];
        foreach (var replica in asked) replica.SnapshotWanted();
    }

    private void ForEach(Action<ReplicaShell> tell)
    {
        foreach (var replica in Replicas()) tell(replica);
    }
}
