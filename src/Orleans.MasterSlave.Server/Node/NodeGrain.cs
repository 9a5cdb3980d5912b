using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Placement;

namespace Orleans.MasterSlave.Node;

[GrainType(TypeName), PinnedToSilo, Orleans.Placement.Immovable, KeepAlive]
internal sealed class NodeGrain(MasterSlaveNode node) : Grain, INodeGrain
{
    public const string TypeName = "masterslave.node";

    public Task<NodeHello?> HelloAsync() => Task.FromResult(node.Hello);

    public Task<HoldingReply> HoldingAsync(GroupId group) => Task.FromResult(
        node.Running is { } running ? new HoldingReply(running.Liveness.Self.Node, running.Log.HoldingOf(group)) : new HoldingReply(default, GroupHolding.Unknown));

    public Task<HeartbeatReply?> HeartbeatAsync(Heartbeat heartbeat) => Task.FromResult(node.Running?.Liveness.OnHeartbeat(heartbeat));
}
