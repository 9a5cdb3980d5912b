using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
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
internal sealed partial class GroupDirectoryGrain(
    MasterSlaveNode node, IClusterManifestProvider manifest, IGrainFactory factory, ILogger<GroupDirectoryGrain> logger) : Grain, IGroupDirectoryGrain
{
    private static readonly TimeSpan LearnNodesTimeout = TimeSpan.FromSeconds(2);

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
        if (running.Nodes.Nodes().Count < wanted.ReplicaCount) await running.Nodes.LearnAllAsync(LearnNodesTimeout); // the cluster may have just begun
        var replicas = GroupPolicy.ChooseReplicas(group, running.Nodes.Nodes(), wanted.ReplicaCount);
        if (replicas.Length < wanted.ReplicaCount) LogTooFewNodes(group, replicas.Length, wanted.ReplicaCount);
        var plan = new GroupPlan(group, replicas, wanted.ReplicationMode, wanted.MinInSync);
        // The master-to-be makes the record itself (G2). If it cannot be reached, the next one may: the insert has one winner. If any node has data
        // of this group, nobody may: the record was lost, and an empty group must not be made over the data (I4).
        foreach (var candidate in replicas)
        {
            if (running.Nodes.Locate(candidate) is not { } silo) continue;
            try
            {
                var reply = await factory.GetGrain<IReplicaPeer>(ReplicaGrainId.Create(group, silo)).CreateAsync(plan);
                if (reply.IsNotNow)
                {
                    LogCandidateDeclines(candidate, group);
                    continue;
                }

                return reply.Record ?? await running.Coordinators.Of(group).ReadAsync(fresh: true) ?? throw new GroupQuarantinedException(
                    $"{group} has no record in the group store, but there is data of it on node {string.Join(", ", reply.Holders)}: bring the newest group store back.");
            }
            catch (Exception e) when (e is SiloUnavailableException or TimeoutException or OrleansMessageRejectionException)
            {
                LogCandidateSilent(e, candidate, group);
            }
        }

        return await running.Coordinators.Of(group).ReadAsync(fresh: true)
            ?? throw new ReplicaUnavailableException($"{group} cannot be made now: none of its nodes answers, or may make groups.");
    }

    [LoggerMessage(LogLevel.Warning, "Node {Node} cannot make group {Group} just now; the next of its nodes is asked.")]
    private partial void LogCandidateSilent(Exception error, NodeId node, GroupId group);

    [LoggerMessage(LogLevel.Warning, "Node {Node} makes no group just now, for it does not hold its node lease or found the group store older than it was; the next of the nodes of {Group} is asked.")]
    private partial void LogCandidateDeclines(NodeId node, GroupId group);

    [LoggerMessage(LogLevel.Warning, "Group {Group} is made with {Count} of {Wanted} replicas, for no more nodes are known; it keeps that number.")]
    private partial void LogTooFewNodes(GroupId group, int count, int wanted);

    private static GroupView ViewOf(GroupRecord record, RunningNode running) => new(
        record.Group,
        record.Epoch,
        record.Version,
        record.Master,
        [.. record.Replicas.Select(n => (Node: n, At: running.Nodes.AddressOf(n))).Select(n => new ReplicaAddress(n.Node, n.At.Silo, record.IsInSync(n.Node), n.At.StartCount, n.At.IsDown))]) { Birth = record.Birth };
}
