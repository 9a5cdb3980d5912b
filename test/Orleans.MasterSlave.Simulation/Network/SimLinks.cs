using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Nodes;

namespace Orleans.MasterSlave.Simulated.Network;

/// <summary>One group's way from one node to its replicas elsewhere.</summary>
internal sealed class SimLinks(SimNetwork network, SimSilo self, GroupId group) : IReplicaLinks
{
    public Task<AppendReply> AppendAsync(NodeId to, AppendRequest request) =>
        network.CallAsync(self.Index, self.Lane, SimIds.IndexOf(to), request, async silo => await (await silo.ReplicaAsync(group)).OnAppendAsync(request));

    public Task<InstallReply> InstallAsync(NodeId to, InstallRequest request) =>
        network.CallAsync(self.Index, self.Lane, SimIds.IndexOf(to), request, async silo => await (await silo.ReplicaAsync(group)).OnInstallAsync(request));

    public Task<ReplicaStatus> StatusAsync(NodeId to) =>
        network.CallAsync(self.Index, self.Lane, SimIds.IndexOf(to), group, async silo => (await silo.ReplicaAsync(group)).Status());
}
