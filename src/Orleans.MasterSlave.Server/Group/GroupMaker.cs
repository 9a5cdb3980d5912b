using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Placement;
using Orleans.MasterSlave.Shell;
using Orleans.Metadata;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// Has a group made that does not exist yet (G2): by one of the nodes whose silos have the grain's class, and by the next one when that
/// cannot, whatever its trouble is.
/// </summary>
internal sealed partial class GroupMaker(IClusterManifestProvider manifests, IGrainFactory factory, TimeProvider time, ILogger<GroupMaker> logger)
{
    private static readonly TimeSpan LearnNodesTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    public async Task<GroupRecord> MakeAsync(GroupId group, RunningNode running)
    {
        var places = new ReplicaPlaces(group, running.Nodes, manifests);
        var wanted = places.Properties ?? throw new MasterSlaveConfigurationException($"{group.Grain.Type} is not a replicated grain type on any silo.");
        await LearnPlacesAsync(running.Nodes, places, wanted.ReplicaCount);
        var nodes = places.All;
        if (nodes.Count == 0) throw new ReplicaUnavailableException($"{group} cannot be made: no silo that runs is known to have the class of {group.Grain.Type}.");
        var inVain = new List<NodeId>();
        Exception? trouble = null;
        while (inVain.Count < nodes.Count)
        {
            var replicas = GroupPolicy.ChooseReplicas(group, nodes, wanted.ReplicaCount, inVain);
            // The master-to-be makes the record itself (G2). If it cannot, the next one may: the insert has one winner. If any node has data
            // of this group, nobody may: the record was lost, and an empty group must not be made over the data (I4).
            var (reply, failure) = await AskAsync(group, replicas[0], running, new GroupPlan(group, replicas, wanted.ReplicationMode, wanted.MinInSync));
            if (reply is { IsNotNow: false })
            {
                if (replicas.Length < wanted.ReplicaCount) LogTooFewNodes(group, replicas.Length, wanted.ReplicaCount);
                return reply.Record ?? await ReadAsync(group, running) ?? throw new GroupQuarantinedException(
                    $"{group} has no record in the group store, but there is data of it on node {string.Join(", ", reply.Holders)}: bring the newest group store back.");
            }

            inVain.Add(replicas[0]);
            if (trouble is null || !IsPassing(failure)) trouble = failure ?? trouble;
        }

        return await ReadAsync(group, running) ?? throw NotMade(group, trouble);
    }

    /// <summary>The cluster may have just begun, and manifests come after membership.</summary>
    private async Task LearnPlacesAsync(NodeDirectory nodes, ReplicaPlaces places, int wanted)
    {
        if (places.All.Count >= wanted) return;
        var began = time.GetTimestamp();
        await nodes.LearnAllAsync(LearnNodesTimeout);
        while (places.All.Count < wanted && places.AnyNotKnown && time.GetElapsedTime(began) < LearnNodesTimeout) await Task.Delay(LookAgain, time);
    }

    private async Task<(CreateReply? Reply, Exception? Failure)> AskAsync(GroupId group, NodeId candidate, RunningNode running, GroupPlan plan)
    {
        if (running.Nodes.Locate(candidate) is not { } silo) return (null, null);
        try
        {
            var reply = await factory.GetGrain<IReplicaPeer>(ReplicaGrainId.Create(group, silo)).CreateAsync(plan);
            if (reply.IsNotNow) LogCandidateDeclines(candidate, group);
            return (reply, null);
        }
        catch (Exception e)
        {
            LogCandidateFails(e, candidate, silo, group);
            return (null, e);
        }
    }

    private static Task<GroupRecord?> ReadAsync(GroupId group, RunningNode running) => running.Coordinators.Of(group).ReadAsync(fresh: true);

    /// <summary>A silo that is gone, or silent, may answer a moment later; an activation that fails is the silo's, or the author's, trouble.</summary>
    private static bool IsPassing(Exception? failure) => failure is null or SiloUnavailableException or TimeoutException or OrleansMessageRejectionException;

    private static MasterSlaveException NotMade(GroupId group, Exception? trouble) => IsPassing(trouble)
        ? new ReplicaUnavailableException($"{group} cannot be made now: none of its nodes answers, or may make groups.", trouble)
        : new GroupNotMadeException($"{group} cannot be made on any silo that has its class: {trouble!.Message}", trouble);

    [LoggerMessage(LogLevel.Warning, "Node {Node} on silo {Silo} cannot make group {Group}; the next of the nodes that have its class is asked.")]
    private partial void LogCandidateFails(Exception error, NodeId node, SiloAddress silo, GroupId group);

    [LoggerMessage(LogLevel.Warning, "Node {Node} makes no group just now, for it does not hold its node lease or found the group store older than it was; the next of the nodes of {Group} is asked.")]
    private partial void LogCandidateDeclines(NodeId node, GroupId group);

    [LoggerMessage(LogLevel.Warning, "Group {Group} is made with {Count} of {Wanted} replicas, for no more silos are known that have its class; it gets the others when such silos join.")]
    private partial void LogTooFewNodes(GroupId group, int count, int wanted);
}
