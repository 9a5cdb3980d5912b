using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Replication.Master;

/// <summary>Why a replica that the author asks for is not in sync, as far as its master knows.</summary>
internal enum AbsenceReason
{
    /// <summary>There are not as many silos with the grain's class.</summary>
    NoNode,
    UnknownNode,
    Down,
    NoClass,
    PlainClass,

    /// <summary>Its silo stops in order.</summary>
    Leaving,

    /// <summary>Its silo answers no heartbeats.</summary>
    Silent,

    /// <summary>The replica says that it cannot follow.</summary>
    Refused,

    /// <summary>Its silo is heard, and what is sent to the replica is not answered.</summary>
    Unreachable,

    /// <summary>It follows, and has not caught up yet.</summary>
    CatchingUp,
}

/// <summary>What a master knows of a slave that is not in sync.</summary>
/// <param name="Place">What is known of its node.</param>
/// <param name="IsLeaving">Its silo stops in order.</param>
/// <param name="IsHeard">Its silo answers heartbeats.</param>
/// <param name="HasFailed">It said that it cannot follow.</param>
/// <param name="Trouble">The last that went wrong on the way to it; null: nothing does.</param>
internal readonly record struct SlaveFacts(PlaceState Place, bool IsLeaving, bool IsHeard, bool HasFailed, string? Trouble);

/// <summary>A replica that is missing.</summary>
internal sealed record Absence(NodeId? Node, AbsenceReason Reason, string? Trouble)
{
    public static Absence Of(NodeId node, SlaveFacts facts) => new(node, ReasonOf(facts), facts.Trouble);

    private static AbsenceReason ReasonOf(SlaveFacts facts) => facts.Place switch
    {
        PlaceState.UnknownNode => AbsenceReason.UnknownNode,
        PlaceState.Down => AbsenceReason.Down,
        PlaceState.NoClass => AbsenceReason.NoClass,
        PlaceState.PlainClass => AbsenceReason.PlainClass,
        _ when facts.IsLeaving => AbsenceReason.Leaving,
        _ when !facts.IsHeard => AbsenceReason.Silent,
        _ when facts.HasFailed => AbsenceReason.Refused,
        _ => facts.Trouble is null ? AbsenceReason.CatchingUp : AbsenceReason.Unreachable,
    };

    public override string ToString()
    {
        var what = Reason switch
        {
            AbsenceReason.NoNode => "no further silo that runs has the grain's class",
            AbsenceReason.UnknownNode => $"no silo is known to be node {Node}",
            AbsenceReason.Down => $"node {Node} is down",
            AbsenceReason.NoClass => $"the silo of node {Node} has not the grain's class",
            AbsenceReason.PlainClass => $"the silo of node {Node} has the grain's class as one that is not replicated",
            AbsenceReason.Leaving => $"the silo of node {Node} stops",
            AbsenceReason.Silent => $"node {Node} does not answer heartbeats",
            AbsenceReason.Refused => $"the replica on node {Node} cannot follow",
            AbsenceReason.Unreachable => $"the replica on node {Node} does not answer",
            _ => $"the replica on node {Node} is catching up",
        };
        return Trouble is null ? what : $"{what} ({Trouble})";
    }
}
