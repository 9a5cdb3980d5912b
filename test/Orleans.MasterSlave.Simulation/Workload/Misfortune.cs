using Orleans.MasterSlave.Simulated.Disk;
using Orleans.MasterSlave.Simulated.Network;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Workload;

/// <summary>What befalls a cluster, drawn from the seed; and the healing of it all.</summary>
internal sealed class Misfortune(SimCluster cluster, SimRandom random)
{
    private readonly Dictionary<int, SimNode> _copies = [];
    private bool _over;

    public async Task RunAsync()
    {
        var kinds = new Action[] { CrashOne, CrashOne, CrashOne, Pause, Isolate, CutOneWay, StopStore, StallDisk, FillDisk, FailDisk, CrashAll, CrashMaster, CrashMaster, EndReplica, EndReplica, Block, FailToRead,
            StopOne, StepClock, CutFromClients, HangStore, CopyOne };
        while (!_over)
        {
            await cluster.World.Delay(TimeSpan.FromSeconds(-Math.Log(1 - random.Unit()) * cluster.Options.MeanSecondsBetweenFaults));
            if (!_over) random.Pick(kinds)();
        }
    }

    /// <summary>Every node runs, every message arrives, the store answers.</summary>
    public void Heal()
    {
        _over = true;
        cluster.World.Note("heal");
        cluster.Network.HealAll();
        cluster.Network.Weather.Calm();
        cluster.Store.IsDown = false;
        cluster.Store.CutOff.Clear();
        cluster.Store.HangsFor.Clear();
        cluster.Store.Hangs = 0;
        cluster.Store.UnknownOutcomes = 0;
        foreach (var node in cluster.Nodes) Withdraw(node);
        foreach (var node in cluster.Nodes)
        {
            node.Disk.StalledUntil = TimeSpan.Zero;
            node.Disk.FailsToRead = false;
            node.Disk.FullFor = RefusedWrites.None;
            if (node.Silo is { HasFailedDisk: true }) node.Crash();
            node.Silo?.Resume();
            node.Start();
        }

        DeployWhereStopped();
    }

    /// <summary>
    /// Misfortune may have killed processes twice in the middle of one harmless operation: an operator deploys anew, and it is tried again
    /// (W10).
    /// </summary>
    private void DeployWhereStopped()
    {
        foreach (var group in cluster.Groups)
        {
            if (!cluster.Nodes.Any(n => n.Silo?.OfOrNull(group.Index)?.Replica.StoppedAt is not null)) continue;
            cluster.World.Count("deployed for a stopped group");
            foreach (var node in cluster.Nodes)
            {
                node.MarksOf(group.Index).Forget();
                node.Crash();
                node.Start();
            }
        }

        cluster.World.After(TimeSpan.FromSeconds(3), DeployWhereStopped);
    }

    private void CrashOne() => Crash(random.Pick(cluster.Nodes), random.Milliseconds(20, 4_000));

    private void CrashMaster()
    {
        if (cluster.Store.Record(random.Pick(cluster.Groups).Id) is { } record) Crash(cluster.Nodes[SimIds.IndexOf(record.Master)], random.Milliseconds(20, 4_000));
    }

    private void CrashAll()
    {
        foreach (var node in cluster.Nodes) Crash(node, random.Milliseconds(20, 2_000));
        cluster.World.Count("crash of all");
    }

    /// <summary>
    /// The disk of a running node is copied, and the copy started beside it. It is taken away when the original stops, dies or sleeps: what the
    /// node acknowledged after it was copied is not on it, and nothing could tell.
    /// </summary>
    private void CopyOne()
    {
        var node = random.Pick(cluster.Nodes);
        if (node.Silo is not { IsUp: true, Liveness.IsLeaving: false, HasFailedDisk: false, Lane.IsPaused: false } || _copies.GetValueOrDefault(node.Index)?.IsRunning == true) return;
        var copy = _copies[node.Index] = node.Copy();
        cluster.World.After(random.Milliseconds(0, 1_000), () =>
        {
            if (!_over && _copies.GetValueOrDefault(node.Index) == copy) copy.Start(previousLifeProvedDead: false);
        });
    }

    private void Withdraw(SimNode node)
    {
        if (_copies.Remove(node.Index, out var copy) && copy.IsRunning) copy.Crash();
    }

    private void Crash(SimNode node, TimeSpan back)
    {
        Withdraw(node);
        node.Crash();
        cluster.World.After(back, () =>
        {
            if (!_over) node.Start(previousLifeProvedDead: random.Chance(0.7));
        });
    }

    /// <summary>An activation ends in a living process (as an author may ask for): the next call, of whomever, makes another.</summary>
    private void EndReplica()
    {
        if (random.Pick(cluster.Nodes).Silo is not { IsUp: true, HasFailedDisk: false } silo) return;
        var groups = cluster.Groups.Where(g => silo.OfOrNull(g.Index) is not null).ToList();
        if (groups.Count == 0) return;
        var group = random.Pick(groups).Id;
        silo.Lane.Post(() => _ = silo.EndReplicaAsync(group));
    }

    private void Pause()
    {
        if (random.Pick(cluster.Nodes).Silo is not { Lane.IsPaused: false } silo) return;
        cluster.World.Count("pause");
        cluster.World.Note("pause", silo.Index);
        Withdraw(cluster.Nodes[silo.Index]);
        silo.Pause();
        cluster.World.After(random.Milliseconds(100, 4_000), silo.Resume);
    }

    /// <summary>The thread of the replicas hangs while heartbeats go on.</summary>
    private void Block()
    {
        if (random.Pick(cluster.Nodes).Silo is not { Lane.IsPaused: false } silo) return;
        cluster.World.Count("replicas blocked");
        cluster.World.Note("replicas blocked", silo.Index);
        silo.Lane.Pause();
        cluster.World.After(random.Milliseconds(100, 4_000), silo.Resume);
    }

    private void Isolate()
    {
        var node = random.Below(cluster.Nodes.Count);
        var until = random.Milliseconds(200, 5_000);
        Cut([.. cluster.Nodes.SelectMany(other => new[] { (node, other.Index), (other.Index, node) })], until);
        if (random.Chance(0.6) && cluster.Store.CutOff.Add(node)) cluster.World.After(until, () => cluster.Store.CutOff.Remove(node));
        cluster.World.Count("partition");
    }

    private void CutOneWay()
    {
        Cut([(random.Below(cluster.Nodes.Count), random.Below(cluster.Nodes.Count))], random.Milliseconds(200, 5_000));
        cluster.World.Count("one-way partition");
    }

    private void Cut((int From, int To)[] ways, TimeSpan until)
    {
        foreach (var (from, to) in ways)
        {
            cluster.World.Note("cut", from, to);
            cluster.Network.Cut(from, to);
            cluster.World.After(until, () => cluster.Network.Heal(from, to));
        }
    }

    private void StopStore()
    {
        cluster.World.Count("store outage");
        cluster.World.Note("store down");
        cluster.Store.IsDown = true;
        cluster.World.After(random.Milliseconds(200, 4_000), () => cluster.Store.IsDown = false);
    }

    /// <summary>A silo stops in order, as in a roll, and comes back.</summary>
    private void StopOne()
    {
        var node = random.Pick(cluster.Nodes);
        if (node.Silo is not { IsUp: true, HasFailedDisk: false }) return;
        Withdraw(node);
        node.Stop(backAfter: random.Milliseconds(20, 4_000));
    }

    /// <summary>A wall clock is set, by little or by much; now and then it is put right.</summary>
    private void StepClock()
    {
        cluster.World.Count("wall clock set");
        random.Pick(cluster.Nodes).WallClockOffset = TimeSpan.FromHours(random.Pick([0.0, 0.0, 0.0001, -0.0001, 0.01, 2, -2, 90_000]));
    }

    /// <summary>The other silos hear a silo, and clients do not, or it does not hear them.</summary>
    private void CutFromClients()
    {
        var node = random.Below(cluster.Nodes.Count);
        (int, int)[] both = [(SimNetwork.Clients, node), (node, SimNetwork.Clients)];
        var ways = random.Below(3);
        Cut(ways == 2 ? both : [both[ways]], random.Milliseconds(200, 5_000));
        cluster.World.Count("cut from clients");
    }

    /// <summary>Calls of one silo to the store, or some of all, never end.</summary>
    private void HangStore()
    {
        cluster.World.Count("store hangs");
        var node = random.Below(cluster.Nodes.Count);
        if (random.Chance(0.5)) cluster.Store.HangsFor.Add(node);
        else cluster.Store.Hangs = 0.5;
        cluster.World.After(random.Milliseconds(200, 4_000), () =>
        {
            cluster.Store.HangsFor.Remove(node);
            cluster.Store.Hangs = 0;
        });
    }

    private void StallDisk()
    {
        cluster.World.Count("disk stall");
        random.Pick(cluster.Nodes).Disk.StalledUntil = cluster.World.Now + random.Milliseconds(50, 3_000);
    }

    /// <summary>A disk is full, for some writes or for all, until somebody makes room.</summary>
    private void FillDisk()
    {
        var node = random.Pick(cluster.Nodes);
        cluster.World.Count("disk full");
        cluster.World.Note("disk full", node.Index);
        node.Disk.FullFor = random.Pick([RefusedWrites.Entries, RefusedWrites.Entries | RefusedWrites.Files, RefusedWrites.All]);
        cluster.World.After(random.Milliseconds(200, 5_000), () => node.Disk.FullFor = RefusedWrites.None);
    }

    /// <summary>
    /// The next entry that is not in memory is not read: the log of that silo has failed, until the silo is started again.
    /// </summary>
    private void FailToRead()
    {
        var node = random.Pick(cluster.Nodes);
        if (node.Silo is not { HasFailedDisk: false } silo) return;
        node.Disk.FailsToRead = true;
        cluster.World.After(random.Milliseconds(500, 5_000), () =>
        {
            node.Disk.FailsToRead = false;
            if (node.Silo == silo && silo.HasFailedDisk) Crash(node, random.Milliseconds(20, 1_000));
        });
    }

    private void FailDisk()
    {
        var node = random.Pick(cluster.Nodes);
        if (node.Silo is not { } silo || random.Chance(0.5)) return;
        cluster.World.Count("disk failure");
        cluster.World.Note("disk failure", node.Index);
        silo.FailDisk();
        cluster.World.After(random.Milliseconds(500, 5_000), () =>
        {
            if (node.Silo == silo) Crash(node, random.Milliseconds(20, 1_000));
        });
    }
}
