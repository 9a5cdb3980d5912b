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
}

/// <summary>One replica of a grain.</summary>
/// <param name="Node">The lasting identity of its silo.</param>
/// <param name="Silo">Where the node runs today; null when it is not known to run.</param>
/// <param name="IsInSync">Does it hold every operation that was answered?</param>
/// <param name="IsMaster">Is it the master?</param>
/// <param name="Epoch">Number of the present mastership.</param>
public sealed record ReplicaInfo(Guid Node, SiloAddress? Silo, bool IsInSync, bool IsMaster, long Epoch);
