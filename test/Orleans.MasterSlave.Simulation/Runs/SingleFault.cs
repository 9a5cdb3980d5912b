using Orleans.MasterSlave.Simulated.Network;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Runs;

/// <summary>What may befall one silo, alone.</summary>
public enum FaultKind
{
    Killed, Stopped, Paused, ClockSet, StoreHangs, ReplicasBlocked, SlowNetwork, SlowDisk, DiskHangs, ReplicaEnds,
    CutFromSilosIn, CutFromSilosOut, CutFromSilos, CutFromSilosAndStore,
    CutFromClientsIn, CutFromClientsOut, CutFromClients,
    CutFromAllIn, CutFromAllOut, CutFromAll, CutFromAllAndStore,
}

/// <summary>Brings one fault over one silo, and takes it away.</summary>
internal sealed class SingleFault(SimCluster cluster, FaultKind kind, SimNode node, SimRandom random)
{
    private static readonly FaultKind[] In = [FaultKind.CutFromSilosIn, FaultKind.CutFromSilos, FaultKind.CutFromSilosAndStore];
    private static readonly FaultKind[] Out = [FaultKind.CutFromSilosOut, FaultKind.CutFromSilos, FaultKind.CutFromSilosAndStore];
    private static readonly FaultKind[] FromClients = [FaultKind.CutFromClientsIn, FaultKind.CutFromClients];
    private static readonly FaultKind[] ToClients = [FaultKind.CutFromClientsOut, FaultKind.CutFromClients];
    private static readonly FaultKind[] AllIn = [FaultKind.CutFromAllIn, FaultKind.CutFromAll, FaultKind.CutFromAllAndStore];
    private static readonly FaultKind[] AllOut = [FaultKind.CutFromAllOut, FaultKind.CutFromAll, FaultKind.CutFromAllAndStore];

    public void Begin()
    {
        cluster.World.Count($"fault {kind}");
        cluster.World.Note($"fault {kind}", node.Index);
        var others = cluster.Nodes.Where(n => n != node).Select(n => n.Index).ToList();
        if (In.Contains(kind) || AllIn.Contains(kind)) others.ForEach(o => cluster.Network.Cut(o, node.Index));
        if (Out.Contains(kind) || AllOut.Contains(kind)) others.ForEach(o => cluster.Network.Cut(node.Index, o));
        if (FromClients.Contains(kind) || AllIn.Contains(kind)) cluster.Network.Cut(SimNetwork.Clients, node.Index);
        if (ToClients.Contains(kind) || AllOut.Contains(kind)) cluster.Network.Cut(node.Index, SimNetwork.Clients);
        if (kind is FaultKind.CutFromSilosAndStore or FaultKind.CutFromAllAndStore) cluster.Store.CutOff.Add(node.Index);
        if (kind == FaultKind.Killed) node.Crash();
        if (kind == FaultKind.Stopped) node.Stop();
        if (kind == FaultKind.ClockSet) node.WallClockOffset += TimeSpan.FromHours(random.Pick([-48.0, -0.0005, 0.0005, 2, 90_000]));
        if (kind == FaultKind.StoreHangs) cluster.Store.HangsFor.Add(node.Index);
        if (kind == FaultKind.Paused) node.Silo!.Pause();
        if (kind == FaultKind.ReplicasBlocked) node.Silo!.Block();
        if (kind == FaultKind.SlowNetwork) cluster.Network.Slow[node.Index] = random.Milliseconds(20, 300);
        if (kind == FaultKind.SlowDisk) node.Disk.Slower = random.Milliseconds(20, 800);
        if (kind == FaultKind.DiskHangs) node.Disk.StalledUntil = TimeSpan.MaxValue / 2;
        if (kind == FaultKind.ReplicaEnds)
        {
            var silo = node.Silo!;
            foreach (var group in cluster.Groups.Where(g => silo.OfOrNull(g.Index) is not null)) silo.Lane.Post(() => _ = silo.EndReplicaAsync(group.Id));
        }
    }

    public void End()
    {
        cluster.World.Note("fault ends", node.Index);
        if (node.Silo is { Blocking: not null } silo && silo.Replicas.Any(r => r.WasBlocked)) node.Crash(); // quarantined: an operator starts it again
        cluster.Network.HealAll();
        cluster.Store.CutOff.Clear();
        cluster.Store.HangsFor.Clear();
        cluster.Network.Slow.Clear();
        node.Disk.Slower = TimeSpan.Zero;
        node.Disk.GoOn();
        node.Silo?.Resume();
        if (kind == FaultKind.Stopped) cluster.World.After(TimeSpan.FromSeconds(2), () => node.Start()); // it may still be about to stop
        else node.Start();
    }
}
