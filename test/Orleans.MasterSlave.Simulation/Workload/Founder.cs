using System.Collections.Immutable;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Simulated.Network;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Workload;

/// <summary>Asks for the group until it exists; sometimes two nodes at once, as two coordinators would.</summary>
internal sealed class Founder(SimCluster cluster, SimGroup group, SimRandom random)
{
    public async Task FoundAsync()
    {
        while (cluster.Store.Record(group.Id) is null)
        {
            _ = AskAsync(0);
            if (random.Chance(0.3)) _ = AskAsync(random.Below(group.Plan.Replicas.Length));
            await cluster.World.Delay(random.Milliseconds(100, 1_000));
        }
    }

    /// <summary>The nodes that whoever asks knows of: all, or the first and some.</summary>
    private ImmutableArray<NodeId> Chosen(NodeId founder) =>
        random.Chance(cluster.Options.ShortFoundings) ? [.. group.Plan.Replicas.Where(n => n == founder || random.Chance(0.3))] : group.Plan.Replicas;

    private async Task AskAsync(int replica)
    {
        try
        {
            var node = SimIds.IndexOf(group.Plan.Replicas[replica]);
            var plan = group.Plan with { Replicas = Chosen(group.Plan.Replicas[replica]) };
            await cluster.Network.CallAsync(
                SimNetwork.Clients, cluster.World.Scheduler.World, node, plan, async silo => await (await silo.ReplicaAsync(group.Id)).CreateAsync(plan));
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            cluster.World.Count("creation without reply");
        }
    }
}
