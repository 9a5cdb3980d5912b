using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Replicas;

/// <summary>What a replica does with a call.</summary>
internal enum ServerDecision { Execute, AwaitBarrier, Redirect, RefuseTooFewInSync, RefuseOverloaded, RefuseTooLarge, RefuseQuarantined }

/// <summary>What a replica knows of itself when a call arrives.</summary>
/// <param name="Quarantined">It serves nothing.</param>
/// <param name="IsMaster">It holds the lock by its own settled swap (G2).</param>
/// <param name="BarrierCommitted">The first entry of its mastership is committed (W7).</param>
/// <param name="EnoughInSync">As many replicas in sync, and heard, as <c>MinInSync</c> asks (W8).</param>
/// <param name="HasRoom">Operations and bytes in flight are within bounds (W2).</param>
/// <param name="IsFresh">It heard from its counterpart within MaxStaleness (R2).</param>
internal readonly record struct ReplicaStanding(bool Quarantined, bool IsMaster, bool BarrierCommitted, bool EnoughInSync, bool HasRoom, bool IsFresh);

/// <summary>What does this replica do with this call: the decision, without I/O.</summary>
internal static class ServerPolicy
{
    public static ServerDecision ForOperation(ReplicaStanding standing, int bytes, int maxBytes)
    {
        if (standing.Quarantined) return ServerDecision.RefuseQuarantined;
        if (!standing.IsMaster) return ServerDecision.Redirect;
        if (bytes > maxBytes) return ServerDecision.RefuseTooLarge;
        if (!standing.EnoughInSync) return ServerDecision.RefuseTooFewInSync;
        if (!standing.BarrierCommitted) return ServerDecision.AwaitBarrier;
        return standing.HasRoom ? ServerDecision.Execute : ServerDecision.RefuseOverloaded;
    }

    public static ServerDecision ForRead(ReplicaStanding standing, ReadRequest request)
    {
        if (request.Diagnostic) return ServerDecision.Execute;
        if (standing.Quarantined) return ServerDecision.Redirect;
        if (request.MasterOnly && !standing.IsMaster) return ServerDecision.Redirect;
        if (standing.IsMaster && !standing.BarrierCommitted) return ServerDecision.AwaitBarrier;
        return standing.IsFresh ? ServerDecision.Execute : ServerDecision.Redirect;
    }
}
