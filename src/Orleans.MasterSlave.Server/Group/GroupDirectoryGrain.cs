using System.Collections.Immutable;
using Orleans.Concurrency;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Placement;
using Orleans.MasterSlave.Shell;
using Orleans.Metadata;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// The coordinator grain: tells callers of a group's record, and has groups made that do not exist yet (G2, G9). Lives on the silo that asks.
/// </summary>
[GrainType("masterslave.directory"), LocalToCaller, Reentrant]
internal sealed class GroupDirectoryGrain(MasterSlaveNode node, IClusterManifestProvider manifest, IGrainFactory factory) : Grain, IGroupDirectoryGrain
{
    public async Task<GroupView> ResolveAsync(GroupId group, long refusedVersion)
    {
        var running = node.Running ?? throw new SiloUnavailableException("This silo is not ready yet.");
        var coordinator = running.Coordinators.Of(group);
        var record = await coordinator.ReadAsync(fresh: false);
        if (record is null || record.Version <= refusedVersion) record = await coordinator.ReadAsync(fresh: true);
        record ??= await CreateAsync(group, running);
        return ViewOf(record, running);
    }

    private async Task<GroupRecord> CreateAsync(GroupId group, RunningNode running)
    {
        var properties = manifest.Current.AllGrainManifests.Select(m => m.Grains.GetValueOrDefault(group.Grain.Type)).FirstOrDefault(p => p is not null);
        var wanted = (properties is null ? null : ReplicatedGrainProperties.Read(properties))
            ?? throw new MasterSlaveConfigurationException($"{group.Grain.Type} is not a replicated grain type on any silo.");
        var replicas = GroupPolicy.ChooseReplicas(group, running.Nodes.Nodes(), wanted.ReplicaCount);
        var plan = new GroupPlan(group, replicas, wanted.ReplicationMode, wanted.MinInSync);
        // The master-to-be makes the record itself (G2); if it cannot, the next one may: the insert has one winner.
        foreach (var candidate in replicas)
        {
            if (running.Nodes.Locate(candidate) is not { } silo) continue;
            if (await factory.GetGrain<IReplicaPeer>(ReplicaGrainId.Create(group, silo)).CreateAsync(plan) is { } record) return record;
        }

        return await running.Coordinators.Of(group).ReadAsync(fresh: true)
            ?? throw new ReplicaUnavailableException($"{group} cannot be made now: none of its nodes answers.");
    }

    private static GroupView ViewOf(GroupRecord record, RunningNode running) => new(
        record.Group,
        record.Epoch,
        record.Version,
        record.Master,
        [.. record.Replicas.Select(n => new ReplicaAddress(n, running.Nodes.Locate(n), record.IsInSync(n)))]);
}
