using System.Collections.Immutable;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Group;

/// <summary>Who may be master and who is in sync: the decisions, without I/O. Null means: no, leave the record as it is.</summary>
internal static class GroupPolicy
{
    /// <summary>The first record of a group (G2): only the master is in sync; slaves enter by <see cref="Grow"/> when they have caught up.</summary>
    public static GroupRecord Create(GroupPlan plan, MasterClaim claim, StoreId store, GroupBirth birth)
    {
        if (plan.Replicas.Distinct().Count() != plan.Replicas.Length) throw new InvalidOperationException($"The replicas of {plan.Group} are not on distinct nodes.");
        if (!plan.Replicas.Contains(claim.Life.Node)) throw new InvalidOperationException($"{claim.Life.Node} is not among the replicas of {plan.Group}.");
        return new GroupRecord
        {
            Group = plan.Group,
            Epoch = new Epoch(1),
            Master = claim.Life.Node,
            Claim = claim,
            InSync = [claim.Life.Node],
            Replicas = plan.Replicas.Sort(),
            Mode = plan.Mode,
            MinInSync = plan.MinInSync,
            DataLossCount = 0,
            Version = 1,
            Store = store,
            Birth = birth,
        };
    }

    /// <summary>
    /// A member of the in-sync set takes the lock (G3, G4). The old master leaves the in-sync set, unless it is the claimant itself. In
    /// asynchronous mode a change of master may lose what the old one acknowledged, and counts as a data loss (C5), unless the claimant
    /// is known to hold all that the old one had.
    /// </summary>
    public static GroupRecord? Promote(GroupRecord record, MasterClaim claim, bool holdsAll = false)
    {
        var self = claim.Life.Node;
        if (!record.IsInSync(self)) return null;
        var changesMaster = record.Master != self;
        return record with
        {
            Epoch = record.Epoch.Next(),
            Master = self,
            Claim = claim,
            InSync = changesMaster ? record.InSync.Remove(record.Master) : record.InSync,
            DataLossCount = record.DataLossCount + (changesMaster && !holdsAll && record.Mode == ReplicationMode.Asynchronous ? 1 : 0),
            Version = record.Version + 1,
        };
    }

    /// <summary>The master takes a slave out of the in-sync set; never below <c>MinInSync</c> (G5).</summary>
    public static GroupRecord? Shrink(GroupRecord record, MasterClaim claim, NodeId slave)
    {
        if (record.Claim != claim || slave == record.Master || !record.IsInSync(slave)) return null;
        return record.InSync.Length - 1 < record.MinInSync
            ? null
            : record with { InSync = record.InSync.Remove(slave), Version = record.Version + 1 };
    }

    /// <summary>The master takes in a slave that holds everything (G6).</summary>
    public static GroupRecord? Grow(GroupRecord record, MasterClaim claim, NodeId slave)
    {
        if (record.Claim != claim || record.IsInSync(slave) || !record.Replicas.Contains(slave)) return null;
        return record with { InSync = record.InSync.Add(slave).Sort(), Version = record.Version + 1 };
    }

    /// <summary>
    /// The master takes another node among the replicas, while there are fewer than the author asks for (G8). It is not in sync yet: it
    /// gets there by <see cref="Grow"/>.
    /// </summary>
    public static GroupRecord? Enter(GroupRecord record, MasterClaim claim, NodeId node, int wanted)
    {
        if (record.Claim != claim || record.Replicas.Contains(node) || record.Replicas.Length >= wanted) return null;
        return record with { Replicas = record.Replicas.Add(node).Sort(), Version = record.Version + 1 };
    }

    /// <summary>Why the record cannot be one that this policy made: then it is not obeyed. Null: it is as it must be.</summary>
    public static string? FlawOf(GroupRecord record)
    {
        if (record.Replicas.Distinct().Count() != record.Replicas.Length) return "its replicas are not on distinct nodes";
        if (record.InSync.Distinct().Count() != record.InSync.Length) return "it counts a node in sync twice";
        return record.InSync.All(record.Replicas.Contains) ? null : "it names a node in sync that is no replica";
    }

    /// <summary>May a shrink happen at all? Decides whether operations are refused or wait for it (W8).</summary>
    public static bool MayShrink(GroupRecord record) => record.InSync.Length - 1 >= record.MinInSync;

    /// <summary>
    /// Chooses the nodes of a new group by rendezvous hashing: each group has its own order of nodes, so groups and masters spread evenly and
    /// move little when nodes come and go. Replicas go to different zones as long as there are any (G2). The first is to be the master.
    /// </summary>
    /// <param name="group">The group.</param>
    /// <param name="nodes">Those that can hold it, with their zones.</param>
    /// <param name="wanted">How many.</param>
    /// <param name="last">Come last, for the group could not be made there.</param>
    public static ImmutableArray<NodeId> ChooseReplicas(
        GroupId group, IReadOnlyList<(NodeId Node, string Zone)> nodes, int wanted, IReadOnlyCollection<NodeId>? last = null)
    {
        var ranked = nodes.OrderBy(n => last?.Contains(n.Node) ?? false).ThenByDescending(n => Rank(group, n.Node)).ThenBy(n => n.Node).ToList();
        var chosen = ImmutableArray.CreateBuilder<NodeId>(wanted);
        var zones = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (node, zone) in ranked)
            if (chosen.Count < wanted && !chosen.Contains(node) && last?.Contains(node) != true && zones.Add(zone)) chosen.Add(node);
        foreach (var (node, _) in ranked)
            if (chosen.Count < wanted && !chosen.Contains(node)) chosen.Add(node);
        return chosen.ToImmutable();
    }

    /// <summary>One more node for a group that has too few: of a zone of its own if there is one (G8). Null: there is none.</summary>
    public static NodeId? ChooseAnother(GroupId group, IReadOnlyList<(NodeId Node, string Zone)> nodes, IReadOnlyCollection<NodeId> taken)
    {
        var zones = nodes.Where(n => taken.Contains(n.Node)).Select(n => n.Zone).ToHashSet(StringComparer.Ordinal);
        var free = nodes.Where(n => !taken.Contains(n.Node)).OrderBy(n => zones.Contains(n.Zone)).ThenByDescending(n => Rank(group, n.Node)).ThenBy(n => n.Node);
        return free.Select(n => (NodeId?)n.Node).FirstOrDefault();
    }

    private static ulong Rank(GroupId group, NodeId node)
    {
        Span<byte> bytes = stackalloc byte[20];
        node.Value.TryWriteBytes(bytes);
        BitConverter.TryWriteBytes(bytes[16..], group.Grain.GetUniformHashCode());
        return System.IO.Hashing.XxHash3.HashToUInt64(bytes);
    }
}
