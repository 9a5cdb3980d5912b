using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Node;

namespace Orleans.MasterSlave.Placement;

/// <summary>What this silo knows of the way to another one.</summary>
internal interface IReachability
{
    Reach Of(SiloAddress silo);

    /// <summary>How often it is worth while to ask again.</summary>
    TimeSpan Interval { get; }
}

/// <summary>By membership and by the node's heartbeats.</summary>
internal sealed class NodeReachability(MasterSlaveNode node, SiloDeaths deaths) : IReachability
{
    private static readonly TimeSpan BeforeStart = TimeSpan.FromMilliseconds(200);

    public TimeSpan Interval => node.Running?.Liveness.Times.HeartbeatInterval ?? BeforeStart;

    public Reach Of(SiloAddress silo)
    {
        if (deaths.IsDeadOrReplaced(silo)) return Reach.Gone;
        if (node.Running is not { } running || running.Nodes.NodeAt(silo, out var isOver) is not { } at) return Reach.Unknown;
        return isOver ? Reach.Gone : running.Liveness.ReachOf(at);
    }
}
