using Orleans.Hosting;

namespace Orleans.MasterSlave.Group;

/// <summary>What a starting process does with the node's row.</summary>
internal enum NodeStartStep
{
    /// <summary>No other process can be the node: writes the row.</summary>
    Claim,

    /// <summary>Another may live: watches the row for as long as the other's lease may last, and writes it if it did not move.</summary>
    Watch,

    /// <summary>The folder does not know the row: it is a copy, or was restored from a backup.</summary>
    RefuseCopy,

    /// <summary>The row is of a newer version.</summary>
    RefuseNewer,
}

/// <summary>What a swap of the node's row that was refused turns out to be, by the row that is there.</summary>
internal enum RenewalOutcome
{
    /// <summary>An earlier try of the same write had landed.</summary>
    Landed,

    /// <summary>The row is still the last write of this process.</summary>
    Unchanged,

    /// <summary>The row is older than what this node wrote: the store was restored from a backup.</summary>
    WentBack,

    /// <summary>Another process wrote it: it is the node now.</summary>
    Displaced,
}

/// <summary>Acts that need no other node's consent (I2).</summary>
internal enum LoneAct
{
    /// <summary>To make a group.</summary>
    Create,

    /// <summary>To take a mastership again that the record gives to this node.</summary>
    Retake,

    /// <summary>To leave this node as the only one in sync.</summary>
    ShrinkToSelf,

    /// <summary>To make stable, to answer or to read while this node is the only one in sync.</summary>
    Answer,
}

internal enum NodeLeaseState { Held, Lapsed, Lost }

/// <summary>How a process stands as its node.</summary>
/// <param name="Lease">Held: no other process is the node. Lost: another one is, for good.</param>
/// <param name="StoreIsOut">The lease lapsed because the group store does not answer.</param>
/// <param name="Outage">What the author wants then.</param>
/// <param name="StoreWentBack">The store was restored from a backup.</param>
internal readonly record struct NodeStanding(NodeLeaseState Lease, bool StoreIsOut, StoreOutageBehavior Outage, bool StoreWentBack);

/// <summary>Which process is a node, and what it may do by itself: the decisions, without I/O (I2).</summary>
internal static class NodePolicy
{
    /// <summary>How far the clocks of two machines may drift apart in a lease: ±1 % each, as everywhere.</summary>
    private const double Drift = 1.02 / 0.98;

    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a row must not move until its writer is known to have stopped, by whatever clock.</summary>
    public static TimeSpan WatchFor(TimeSpan lease) => (lease * Drift) + Margin;

    /// <summary>The row is gone, or older than a write of this node that is known to have landed.</summary>
    public static bool WentBack(NodeRecord? row, NodeMemory memory) => memory.Confirmed is { } confirmed && (row is null || row.Renewal < confirmed.Renewal);

    public static NodeStartStep Start(NodeRecord? row, NodeMemory memory, string place)
    {
        if (row is { Level: > FormatLevel.Known }) return NodeStartStep.RefuseNewer;
        if (row is null && memory.Confirmed is null) return NodeStartStep.Claim; // the first start
        var known = row is null ? null : memory.Find(row.Stamp);
        var writer = known ?? (WentBack(row, memory) ? memory.Confirmed : null);
        if (writer is null) return NodeStartStep.RefuseCopy;
        if (known is not null && row!.Use == NodeUse.Released) return NodeStartStep.Claim;
        if (known is null && row is not null && row.Place != place) return NodeStartStep.Watch; // its writer is not known here: it may have a folder of the same backup
        return writer.Place.Length > 0 && writer.Place == place ? NodeStartStep.Claim : NodeStartStep.Watch;
    }

    /// <summary>
    /// Of a row that is older than what this process wrote: a process with a folder of the same backup may have written it, and may act
    /// on it. Not if it was this one, or one that held the very lock file that this one holds.
    /// </summary>
    public static bool MayBeAnothers(NodeRecord older, NodeRecord own) =>
        older.Nonce != own.Nonce && (older.Place.Length == 0 || older.Place != own.Place);

    public static RenewalOutcome Refused(NodeRecord? row, NodeRecord attempt, NodeRecord confirmed)
    {
        if (row is null || row.Renewal < confirmed.Renewal) return RenewalOutcome.WentBack;
        if (row.Stamp == attempt.Stamp) return RenewalOutcome.Landed;
        return row.Stamp == confirmed.Stamp ? RenewalOutcome.Unchanged : RenewalOutcome.Displaced;
    }

    public static bool May(LoneAct act, NodeStanding standing)
    {
        if (act == LoneAct.Create && standing.StoreWentBack) return false;
        return standing.Lease switch
        {
            NodeLeaseState.Held => true,
            NodeLeaseState.Lapsed => standing is { StoreIsOut: true, Outage: StoreOutageBehavior.GoOn },
            _ => false,
        };
    }
}
