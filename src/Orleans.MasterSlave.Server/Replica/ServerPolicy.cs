using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Replicas;

/// <summary>What a replica does with a call.</summary>
internal enum ServerDecision { Execute, AwaitBarrier, Redirect, RefuseTooFewInSync, RefuseOverloaded, RefuseTooLarge, RefuseQuarantined, RefuseAlone, RefuseNoFirstState, RefuseStopped }

/// <summary>What a replica knows of itself when a call arrives.</summary>
/// <param name="Quarantined">It serves nothing.</param>
/// <param name="IsMaster">It holds the lock by its own settled swap (G2).</param>
/// <param name="BarrierCommitted">The first entry of its mastership is committed (W7).</param>
/// <param name="EnoughInSync">As many replicas in sync, and heard, as <c>MinInSync</c> asks (W8).</param>
/// <param name="HasRoom">Operations and bytes in flight are within bounds (W2).</param>
/// <param name="IsFresh">It heard from its counterpart within MaxStaleness (R2).</param>
/// <param name="LeaseIsValid">It is master, and nobody else can be (L5).</param>
/// <param name="MayAnswer">It is not alone in sync, or holds its node's lease (I2).</param>
/// <param name="FirstStateFailed">The group's first state could not be imported a moment ago (G12).</param>
internal readonly record struct ReplicaStanding(
    bool Quarantined, bool IsMaster, bool BarrierCommitted, bool EnoughInSync, bool HasRoom, bool IsFresh, bool LeaseIsValid, bool MayAnswer, bool FirstStateFailed = false)
{
    /// <summary>It is master, and applies nothing from some entry on, before an operator has decided (W10).</summary>
    public bool IsStopped { get; init; }
}

/// <summary>What a replica knows of an operation that arrives.</summary>
/// <param name="Bytes">Length of its payload.</param>
/// <param name="IsKnown">It is in flight here, or answered (W1): it needs no admission. Asked only when the barrier is committed.</param>
/// <param name="IsOfThisGroup">Its caller knows the group as this replica does, and not another that had its name (I4).</param>
internal readonly record struct OperationFacts(int Bytes, bool IsKnown, bool IsOfThisGroup);

/// <summary>What does this replica do with this call: the decision, without I/O.</summary>
internal static class ServerPolicy
{
    /// <summary>
    /// The barrier comes before every reason to refuse: until it is committed, a copy of the operation may be among what the master inherited, and
    /// only afterwards is it known whether it is (W8).
    /// </summary>
    public static ServerDecision ForOperation(ReplicaStanding standing, OperationFacts operation, int maxBytes)
    {
        if (standing.Quarantined) return ServerDecision.RefuseQuarantined;
        if (!standing.IsMaster || !operation.IsOfThisGroup) return ServerDecision.Redirect;
        if (standing.IsStopped) return standing.LeaseIsValid ? ServerDecision.RefuseStopped : ServerDecision.Redirect;
        if (standing.FirstStateFailed) return ServerDecision.RefuseNoFirstState;
        if (!standing.BarrierCommitted) return ServerDecision.AwaitBarrier;
        if (operation.IsKnown) return ServerDecision.Execute;
        if (!standing.MayAnswer) return ServerDecision.RefuseAlone;
        if (operation.Bytes > maxBytes) return ServerDecision.RefuseTooLarge;
        if (!standing.EnoughInSync) return ServerDecision.RefuseTooFewInSync;
        return standing.HasRoom ? ServerDecision.Execute : ServerDecision.RefuseOverloaded;
    }

    /// <summary>
    /// May a replica that declines an operation say that it was not executed at all? Only a master that serves, so has applied all that it inherited, and
    /// holds its lease, so no other master can have taken a copy meanwhile.
    /// </summary>
    public static bool KnowsOfNoCopy(ReplicaStanding standing) => standing is { Quarantined: false, IsMaster: true, BarrierCommitted: true, LeaseIsValid: true };

    public static ServerDecision ForRead(ReplicaStanding standing, ReadRequest request, bool isOfThisGroup)
    {
        if (request.Diagnostic) return ServerDecision.Execute;
        if (standing.Quarantined) return ServerDecision.RefuseQuarantined;
        if (!isOfThisGroup) return ServerDecision.Redirect;
        if (request.PositionOnly) return ServerDecision.Execute; // an old position is a true one: who knows too little is refused, never wrong (W1)
        if (request.MasterOnly && !standing.IsMaster) return ServerDecision.Redirect;
        if (standing.IsStopped && !standing.LeaseIsValid) return ServerDecision.Redirect;
        if (standing.IsStopped) return request.MasterOnly ? ServerDecision.RefuseStopped : ServerDecision.Execute; // of what is past, or a former master did, nobody knows (R2, R3)
        if (standing.FirstStateFailed) return ServerDecision.RefuseNoFirstState;
        if (standing.IsMaster && !standing.BarrierCommitted) return ServerDecision.AwaitBarrier;
        return standing.IsFresh ? ServerDecision.Execute : ServerDecision.Redirect;
    }
}
