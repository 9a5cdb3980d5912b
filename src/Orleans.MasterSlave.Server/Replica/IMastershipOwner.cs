using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Replicas;

/// <summary>What a mastership asks of its replica.</summary>
internal interface IMastershipOwner
{
    GroupView? View { get; }
    /// <summary>A slave obeys a newer master (G11).</summary>
    void MastershipRefused(Epoch epoch, string reason);

    /// <summary>This replica cannot serve any more (L6).</summary>
    void MastershipFailed(string reason, Exception error);

    /// <summary>Nobody waits for this task; if it fails, the replica is quarantined.</summary>
    void Discard(Task task, string what);
}
