using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Replication;

/// <summary>
/// Asynchronous: durable on the master, applied and answered only while nobody else can be master, which the lease tells (W4); the slaves follow
/// behind.
/// </summary>
internal sealed class AsyncReplicator : IReplicator
{
    public LogIndex StablePoint(LogIndex before, ReplicationProgress progress) =>
        progress is { EnoughInSync: true, LeaseIsValid: true } ? LogIndex.Max(before, progress.Received) : before;

    public bool MayAnswer(ReplicationProgress progress) => progress.LeaseIsValid;
}
