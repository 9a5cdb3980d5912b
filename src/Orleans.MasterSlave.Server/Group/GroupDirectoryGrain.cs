using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Placement;
using Orleans.Metadata;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// The coordinator grain: tells callers of a group's record, and has groups made that do not exist yet (G2, G9). Lives on the silo that asks.
/// </summary>
[GrainType("masterslave.directory"), LocalToCaller, Reentrant]
internal sealed class GroupDirectoryGrain(
    MasterSlaveNode node, IClusterManifestProvider manifests, IGrainFactory factory, TimeProvider time, ILogger<GroupMaker> logger) : Grain, IGroupDirectoryGrain
{
    private readonly GroupMaker _maker = new(manifests, factory, time, logger);

    public async Task<GroupView> ResolveAsync(GroupId group, long refusedVersion)
    {
        var running = node.Running ?? throw new SiloUnavailableException("This silo is not ready yet.");
        if (GroupKeyRules.Refuse(group.Grain) is { } refused) throw new NotSupportedOnReplicatedGrainException($"{refused} Nothing was executed.");
        var coordinator = running.Coordinators.Of(group);
        var record = await coordinator.ReadAsync(fresh: false);
        if (record is null || record.Version <= refusedVersion) record = await coordinator.ReadAsync(fresh: true);
        record ??= await _maker.MakeAsync(group, running);
        return ViewOf(record, running);
    }

    private static GroupView ViewOf(GroupRecord record, RunningNode running) => new(
        record.Group,
        record.Epoch,
        record.Version,
        record.Master,
        [.. record.Replicas.Select(n => (Node: n, At: running.Nodes.AddressOf(n))).Select(n => new ReplicaAddress(n.Node, n.At.Silo, record.IsInSync(n.Node), n.At.StartCount, n.At.IsDown))]) { Birth = record.Birth };
}
