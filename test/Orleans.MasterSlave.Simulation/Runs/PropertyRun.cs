using Orleans.MasterSlave.Simulated.Checks;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.Workload;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Runs;

/// <summary>
/// One silo, one fault, all else in order, default options: every group with an in-sync replica elsewhere answers every client within
/// <see cref="AnswersWithin"/>, and when the fault is over, all is in sync again within <see cref="InSyncWithin"/>.
/// </summary>
internal static class PropertyRun
{
    public static readonly TimeSpan InSyncWithin = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A disk that hangs is taken for gone only after <c>LogStallTimeout</c>, 5 s by default; user code that blocks its thread after
    /// <c>ApplyTimeout</c>, 10 s.
    /// </summary>
    public static TimeSpan AnswersWithin(FaultKind kind) => TimeSpan.FromSeconds(kind switch { FaultKind.DiskHangs => 9, FaultKind.ReplicasBlocked => 12, _ => 4 });

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    public static SimulationResult Run(FaultKind kind, ulong seed, bool keepTrace = false)
    {
        var world = new SimWorld((seed * 1_000) + (ulong)kind, keepTrace);
        string? failure = null;
        try
        {
            Play(world, kind);
        }
        catch (Exception e)
        {
            failure = e is SimulationException ? e.Message : e.ToString();
        }

        return new SimulationResult(seed, world.Trace.Hash, world.Scheduler.Steps, failure, world.Trace.Counts, world.Trace.Lines);
    }

    private static void Play(SimWorld world, FaultKind kind)
    {
        var random = world.Random.Fork();
        var nodes = 3 + random.Below(3);
        var cluster = new SimCluster(world, new SimulationOptions
        {
            Nodes = nodes,
            Groups =
            [
                new(2, ReplicationMode.Synchronous, 1), new(3, ReplicationMode.Synchronous, 1), new(3, ReplicationMode.Synchronous, 2),
                new(2, ReplicationMode.Asynchronous, 1), new(3, ReplicationMode.Asynchronous, 1), new(2, ReplicationMode.Synchronous, 1),
            ],
        });
        var routing = new SimRouting(cluster, random.Fork());
        PolicyClient Client(SimGroup group) => new(cluster, routing, group, SimIds.Client(group.Index), random.Fork()) { Took = (began, took) => Answered(cluster, group, kind, began, took) };
        var clients = cluster.Groups.Select(Client).ToList();
        Post(() =>
        {
            cluster.StartAll();
            foreach (var group in cluster.Groups) Watched(new Founder(cluster, group, random.Fork()).FoundAsync());
        });
        Require(() => cluster.Groups.All(g => cluster.Unrest(g) is null), TimeSpan.FromSeconds(10), () => "the cluster never came to rest before the fault");
        Post(() => clients.ForEach(c => Watched(c.WorkAsync())));
        RunFor(random.Milliseconds(100, 2_000));

        var node = cluster.Nodes[random.Below(nodes)];
        var elsewhere = cluster.Groups.Select(g => cluster.Store.Record(g.Id)!).Where(r => r.Master != SimIds.Node(node.Index)).ToList();
        var fault = new SingleFault(cluster, kind, node, random.Fork());
        Post(fault.Begin);
        RunFor(random.Chance(0.5) ? random.Milliseconds(100, 3_000) : random.Milliseconds(3_000, 20_000));
        Post(fault.End);
        RunFor(Quiet);
        Post(() => clients.ForEach(c => c.IsStopping = true));
        var last = "";
        Require(() => clients.All(c => c.Busy == 0) && cluster.Groups.All(AtRest), InSyncWithin - Quiet, () => $"{InSyncWithin} after the end of {kind}: {last}");
        foreach (var group in cluster.Groups) FinalCheck.Check(cluster, group);
        foreach (var before in elsewhere)
            world.Require(cluster.Store.Record(before.Group)!.Epoch == before.Epoch, () => $"{kind} of node {node.Index} moved a group that another node masters: {before} → {cluster.Store.Record(before.Group)}");

        bool AtRest(SimGroup group)
        {
            if (cluster.Unrest(group) is not { } unrest) return true;
            last = $"{group.Id} ({group.Plan.Mode} {group.Plan.MinInSync} of {group.Plan.Replicas.Length}): {unrest}";
            return false;
        }

        void Post(Action action) => world.Scheduler.World.Post(action);

        void RunFor(TimeSpan time)
        {
            for (var until = world.Now + time; world.Now < until;)
            {
                world.Scheduler.Run(() => false, Math.Min(until.Ticks, (world.Now + TimeSpan.FromMilliseconds(100)).Ticks));
                foreach (var client in clients)
                    foreach (var began in client.Unanswered) Answered(cluster, client.Group, kind, began, world.Now - began);
            }
        }

        void Require(Func<bool> holds, TimeSpan within, Func<string> rule)
        {
            for (var until = world.Now + within; !holds();)
            {
                world.Require(world.Now < until, rule);
                RunFor(TimeSpan.FromMilliseconds(100));
            }
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

    private static void Answered(SimCluster cluster, SimGroup group, FaultKind kind, TimeSpan began, TimeSpan took) =>
        cluster.World.Require(took <= AnswersWithin(kind), () => $"a call that began at {began.TotalSeconds:F4} s has had no answer for {took}; {cluster.Describe(group)}");
}
