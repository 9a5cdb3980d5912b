using Orleans.Runtime;

namespace Orleans.MasterSlave;

/// <summary>Looks behind a replicated grain: who its replicas are, and what one of them would answer. In the services of every client and silo with <c>AddMasterSlave</c>.</summary>
public interface IReplicatedGrainDiagnostics
{
    /// <summary>Where the replicas of a grain are, as the group's record says now. Creates the grain's group if there is none yet.</summary>
    /// <param name="grain">A reference to the replicated grain.</param>
    /// <returns>One entry for each replica.</returns>
    Task<IReadOnlyList<ReplicaInfo>> GetReplicasAsync(IAddressable grain);

    /// <summary>
    /// Makes reads on one replica, whatever its role and however far it is behind: <c>ReadFromAsync(silo, () =&gt; grain.GetBalance())</c>.
    /// </summary>
    /// <typeparam name="T">The type of the result.</typeparam>
    /// <param name="silo">The silo of the replica.</param>
    /// <param name="read">The <c>[ReadOnly]</c> calls. Operations among them are refused.</param>
    /// <returns>The result of <paramref name="read"/>.</returns>
    Task<T> ReadFromAsync<T>(SiloAddress silo, Func<Task<T>> read);

    /// <summary>
    /// Has each replica of a grain take a snapshot of what it has applied, so that no later version of the application replays those operations: before an upgrade that
    /// changes what they do. Waits until the snapshots are on disk. Operations go on meanwhile; those that are answered later are not covered.
    /// </summary>
    /// <param name="grain">A reference to the replicated grain.</param>
    /// <param name="limit">How long each replica may take.</param>
    /// <returns>One entry for each replica: also for those that did not, with the reason.</returns>
    Task<IReadOnlyList<SnapshotOutcome>> TakeSnapshotsAsync(IAddressable grain, TimeSpan limit);
}

/// <summary>What came of the wish for a snapshot on one replica.</summary>
/// <param name="Replica">The replica.</param>
/// <param name="IsDurable">All operations that it had applied when it was asked are covered by a snapshot on its disk.</param>
/// <param name="Reason">Why not; null when it is durable.</param>
public sealed record SnapshotOutcome(ReplicaInfo Replica, bool IsDurable, string? Reason);

/// <summary>One replica of a grain.</summary>
/// <param name="Node">The lasting identity of its silo.</param>
/// <param name="Silo">Where the node runs today; null when it is not known to run.</param>
/// <param name="IsInSync">Does it hold every operation that was answered?</param>
/// <param name="IsMaster">Is it the master?</param>
/// <param name="Epoch">Number of the present mastership.</param>
public sealed record ReplicaInfo(Guid Node, SiloAddress? Silo, bool IsInSync, bool IsMaster, long Epoch);
