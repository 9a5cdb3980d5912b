using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Placement;

namespace Orleans.MasterSlave.Node;

[GrainType("masterslave.node"), PinnedToSilo, Orleans.Placement.Immovable, KeepAlive]
internal sealed class NodeGrain(MasterSlaveNode node) : Grain, INodeGrain
{
    public Task<NodeHello?> HelloAsync() => Task.FromResult(node.Hello);

    public Task<HeartbeatReply?> HeartbeatAsync(Heartbeat heartbeat) => Task.FromResult(node.Running?.Liveness.OnHeartbeat(heartbeat));
}
