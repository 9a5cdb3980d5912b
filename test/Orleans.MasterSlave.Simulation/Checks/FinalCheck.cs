using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Checks;

/// <summary>When everything is healed and at rest: nothing acknowledged is lost, nothing is there twice, all replicas hold the same.</summary>
internal static class FinalCheck
{
    public static void Check(SimCluster cluster, SimGroup group)
    {
        var world = cluster.World;
        var record = cluster.Store.Record(group.Id)!;
        var replicas = record.Replicas.Select(n => cluster.Nodes[SimIds.IndexOf(n)].Silo!.OfOrNull(group.Index)!).ToList();
        var ledger = replicas[0].Object.Ledger;
        foreach (var replica in replicas)
        {
            world.Require(replica.Object.Ledger.SequenceEqual(ledger), () => $"{group.Id}: replicas differ at rest");
            world.Require(replica.Object.Draws.SequenceEqual(replicas[0].Object.Draws), () => $"{group.Id}: what replicas drew differs at rest (W9)");
        }

        var held = ledger.ToHashSet();
        world.Require(held.Count == ledger.Count, () => $"{group.Id}: an operation is in the ledger twice");
        var orphans = cluster.Nodes.SelectMany(n => n.ContentsOf(group.Index).Orphans).Select(e => e.Request).ToHashSet();
        foreach (var (request, acknowledged) in group.Checker.All)
        {
            if (held.Contains(request))
            {
                if (group.Checker.IsSync)
                    world.Require(ledger[acknowledged.Count - 1] == request, () => $"{group.Id}: {request} was acknowledged as number {acknowledged.Count}, and is not that");
                continue;
            }

            world.Require(!group.Checker.IsSync, () => $"{group.Id}: acknowledged operation {request} is lost ({acknowledged})");
            world.Require(orphans.Contains(request), () => $"{group.Id}: acknowledged operation {request} is lost, and among no orphans ({acknowledged})");
            world.Require(record.DataLossCount > acknowledged.Token.DataLossCount, () => $"{group.Id}: {request} is lost, and no data loss was counted");
            world.Count("acknowledged, lost and saved as orphan");
        }
    }
}
