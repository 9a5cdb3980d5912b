using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Replication;

/// <summary>What a replicator decides on.</summary>
/// <param name="Received">Durable in the master's own log.</param>
/// <param name="Replicated">Durable on the master and on every required slave.</param>
/// <param name="EnoughInSync">The settled record names at least <c>MinInSync</c> replicas in sync.</param>
/// <param name="LeaseIsValid">The master holds a lease from every required slave (L5), and <paramref name="MayAnswer"/>.</param>
/// <param name="MayAnswer">Others are in sync too, or the node's own lease is held: no other process can be master of the group as this
/// node (I2).</param>
internal readonly record struct ReplicationProgress(LogIndex Received, LogIndex Replicated, bool EnoughInSync, bool LeaseIsValid, bool MayAnswer);

/// <summary>When is an entry replicated enough to apply and to answer (W4).</summary>
internal interface IReplicator
{
    /// <summary>Entries through the returned index are stable; what was stable before stays so.</summary>
    LogIndex StablePoint(LogIndex before, ReplicationProgress progress);

    /// <summary>May an applied operation be answered now?</summary>
    bool MayAnswer(ReplicationProgress progress);
}

/// <summary>
/// Synchronous: durable on every required replica, and enough of them in sync. No clock is involved, but for a master alone in sync: its
/// node's lease.
/// </summary>
internal sealed class SyncReplicator : IReplicator
{
    public LogIndex StablePoint(LogIndex before, ReplicationProgress progress) =>
        progress is { EnoughInSync: true, MayAnswer: true } ? LogIndex.Max(before, progress.Replicated) : before;

    public bool MayAnswer(ReplicationProgress progress) => progress.MayAnswer;
}
