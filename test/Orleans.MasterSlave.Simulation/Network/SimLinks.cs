using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Nodes;

namespace Orleans.MasterSlave.Simulated.Network;

/// <summary>One group's way from one node to its replicas elsewhere.</summary>
internal sealed class SimLinks(SimNetwork network, SimSilo self, GroupId group) : IReplicaLinks
{
    public Task<AppendReply> AppendAsync(NodeId to, AppendRequest request) =>
        CallAsync(to, request, async silo => await (await silo.ReplicaAsync(group)).OnAppendAsync(AsGot(silo, request)));

    public Task<InstallReply> InstallAsync(NodeId to, InstallRequest request) =>
        CallAsync(to, request, async silo => await (await silo.ReplicaAsync(group)).OnInstallAsync(AsGot(silo, request)));

    public Task<ReplicaStatus> StatusAsync(NodeId to) => CallAsync(to, group, async silo => (await silo.ReplicaAsync(group)).Status());

    private Task<T> CallAsync<T>(NodeId to, object request, Func<SimSilo, Task<T>> handle)
    {
        var node = SimIds.IndexOf(to);
        return network.CallAsync(self.Index, self.Lane, network.Misdirect?.Invoke(node) ?? node, request, handle);
    }

    private T AsGot<T>(SimSilo silo, T request) where T : notnull => network.Readdress is { } change ? (T)change(SimIds.Node(silo.Index), request) : request;
}
