using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Replication;

namespace Orleans.MasterSlave.Shell;

/// <summary>The way to the other replicas of a group: calls to their pinned ids.</summary>
internal sealed class ReplicaLinks(GroupId group, NodeDirectory nodes, IGrainFactory factory) : IReplicaLinks
{
    private readonly Dictionary<SiloAddress, IReplicaPeer> _peers = [];

    public Task<AppendReply> AppendAsync(NodeId to, AppendRequest request) => Peer(to).AppendAsync(request);

    public Task<InstallReply> InstallAsync(NodeId to, InstallRequest request) => Peer(to).InstallAsync(request);

    public Task<ReplicaStatus> StatusAsync(NodeId to) => Peer(to).StatusAsync();

    private IReplicaPeer Peer(NodeId node)
    {
        var silo = nodes.Locate(node) ?? throw new SiloUnavailableException($"Node {node} is not known to run.");
        if (!_peers.TryGetValue(silo, out var peer)) _peers[silo] = peer = factory.GetGrain<IReplicaPeer>(ReplicaGrainId.Create(group, silo));
        return peer;
    }
}
