using System.Collections.Immutable;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Group;

/// <summary>Who may be master and who is in sync: the decisions, without I/O. Null means: no, leave the record as it is.</summary>
internal static class GroupPolicy
{
    /// <summary>The first record of a group (G2): only the master is in sync; slaves enter by <see cref="Grow"/> when they have caught up.</summary>
    public static GroupRecord Create(GroupPlan plan, MasterClaim claim, StoreId store, GroupBirth birth)
    {
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
    /// asynchronous mode a change of master may lose what the old one acknowledged, and counts as a data loss (C5).
    /// </summary>
    public static GroupRecord? Promote(GroupRecord record, MasterClaim claim)
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
            DataLossCount = record.DataLossCount + (changesMaster && record.Mode == ReplicationMode.Asynchronous ? 1 : 0),
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

    /// <summary>May a shrink happen at all? Decides whether operations are refused or wait for it (W8).</summary>
    public static bool MayShrink(GroupRecord record) => record.InSync.Length - 1 >= record.MinInSync;

    /// <summary>
    /// Chooses the nodes of a new group by rendezvous hashing: each group has its own order of nodes, so groups and masters spread evenly and
    /// move little when nodes come and go. Replicas go to different zones as long as there are any (G2).
    /// </summary>
    public static ImmutableArray<NodeId> ChooseReplicas(GroupId group, IReadOnlyList<(NodeId Node, string Zone)> nodes, int wanted)
    {
        var ranked = nodes.OrderByDescending(n => Rank(group, n.Node)).ThenBy(n => n.Node).ToList();
        var chosen = ImmutableArray.CreateBuilder<NodeId>(wanted);
        var zones = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (node, zone) in ranked)
            if (chosen.Count < wanted && zones.Add(zone)) chosen.Add(node);
        foreach (var (node, _) in ranked)
            if (chosen.Count < wanted && !chosen.Contains(node)) chosen.Add(node);
        return chosen.ToImmutable();
    }

    private static ulong Rank(GroupId group, NodeId node)
    {
        Span<byte> bytes = stackalloc byte[20];
        node.Value.TryWriteBytes(bytes);
        BitConverter.TryWriteBytes(bytes[16..], group.Grain.GetUniformHashCode());
        return System.IO.Hashing.XxHash3.HashToUInt64(bytes);
    }
}
