using Orleans.MasterSlave.Simulated.Checks;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.Workload;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Runs;

/// <summary>What came of a run.</summary>
internal sealed record SimulationResult(ulong Seed, ulong TraceHash, long Steps, string? Failure, IReadOnlyDictionary<string, long> Counts, IReadOnlyList<string> Trace);

/// <summary>One run from one seed, in the calling thread: misfortune for a while, then healing, then rest, then the final check.</summary>
internal static class Simulation
{
    public static SimulationResult Run(ulong seed, SimulationOptions? options = null)
    {
        options ??= SimulationOptions.Drawn(seed);
        var world = new SimWorld(seed, options.KeepTrace);
        string? failure = null;
        try
        {
            Play(world, options);
        }
        catch (Exception e)
        {
            failure = e.ToString();
        }

        world.Note("end", world.Scheduler.Steps);
        return new SimulationResult(seed, world.Trace.Hash, world.Scheduler.Steps, failure, world.Trace.Counts, world.Trace.Lines);
    }

    private static void Play(SimWorld world, SimulationOptions options)
    {
        var cluster = new SimCluster(world, options);
        var random = world.Random.Fork();
        var misfortune = new Misfortune(cluster, random.Fork());
        var clients = cluster.Groups
            .SelectMany(g => Enumerable.Range(0, options.ClientsPerGroup).Select(c => new SimClient(cluster, g, SimIds.Client((g.Index * 100) + c), random.Fork())))
            .ToList();
        world.Scheduler.World.Post(() =>
        {
            cluster.StartAll();
            foreach (var group in cluster.Groups) Watched(new Founder(cluster, group, random.Fork()).FoundAsync());
            foreach (var client in clients)
                for (var worker = 0; worker < options.WorkersPerClient; worker++) Watched(client.WorkAsync());
            Watched(misfortune.RunAsync());
        });

        RunFor(world, options.Chaos);
        world.Scheduler.World.Post(misfortune.Heal);
        RunFor(world, TimeSpan.FromSeconds(2));
        var healed = world.Now;
        foreach (var client in clients) client.IsStopping = true;
        var last = "";
        while (!Rests() && world.Now - healed < options.SettleWithin) RunFor(world, TimeSpan.FromMilliseconds(100));
        world.Require(Rests(), () => $"{options.SettleWithin} after everything was healed: {last}");
        world.Note("at rest", (world.Now - healed).Ticks);
        foreach (var group in cluster.Groups) FinalCheck.Check(cluster, group);

        bool Rests()
        {
            if (clients.FirstOrDefault(c => c.Busy > 0) is { } busy)
            {
                last = $"a call is not answered; {cluster.Describe(busy.Group)}";
                return false;
            }

            foreach (var group in cluster.Groups)
            {
                if (cluster.Unrest(group) is not { } unrest) continue;
                last = $"{group.Id} ({group.Plan.Mode}): {unrest}";
                return false;
            }

            return true;
        }

        async void Watched(Task task)
        {
            try
            {
                await task;
            }
            catch (Exception e)
            {
                world.Scheduler.Fail(e);
            }
        }
    }

    private static void RunFor(SimWorld world, TimeSpan time) => world.Scheduler.Run(() => false, (world.Now + time).Ticks);
}
