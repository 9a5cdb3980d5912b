using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Simulated.Checks;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.Runs;
using Orleans.MasterSlave.Simulated.Workload;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>One group in calm weather, and a history that is written out step by step.</summary>
internal sealed class Scenario
{
    private readonly SimWorld _world = new(1, keepTrace: true, firstComeFirstServed: true);

    public Scenario(GroupShape shape)
    {
        Cluster = new SimCluster(_world, new SimulationOptions { Groups = [shape], SlowestApplyMilliseconds = 0, Limits = new ReplicaLimits { MaxStaleness = TimeSpan.FromSeconds(30) } });
        Client = new SimClient(Cluster, Group, SimIds.Client(0), _world.Random.Fork());
        Do(Cluster.StartAll);
        Start(() => new Founder(Cluster, Group, _world.Random.Fork()).FoundAsync());
        Until(() => Cluster.Unrest(Group) is null, "the group is founded");
    }

    public SimCluster Cluster { get; }
    public SimGroup Group => Cluster.Groups[0];
    public SimClient Client { get; }
    public SimNode Master => Cluster.Nodes[SimIds.IndexOf(Cluster.Store.Record(Group.Id)!.Master)];
    public IReadOnlyList<string> Transcript => _world.Trace.Lines;

    public void Do(Action action)
    {
        _world.Scheduler.World.Post(action);
        Wait(TimeSpan.Zero);
    }

    public void Wait(TimeSpan time) => _world.Scheduler.Run(() => false, (_world.Now + time).Ticks);

    public void Until(Func<bool> condition, string what, double seconds = 30)
    {
        var deadline = _world.Now + TimeSpan.FromSeconds(seconds);
        while (!condition())
        {
            _world.Require(_world.Now < deadline, () => $"never came: {what}");
            Wait(TimeSpan.FromMilliseconds(10));
        }
    }

    /// <summary>The client performs operations, one after the other, until they are answered.</summary>
    public void Change(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            var before = Client.Answered;
            Start(Client.ChangeAsync);
            Until(() => Client.Answered > before, "an answer");
        }
    }

    /// <summary>Asks one replica for a linearizable read, and waits for what it says.</summary>
    public CallReply? MasterReadAt(SimNode node)
    {
        Moment began = Group.Checker.Now;
        CallReply? reply = null;
        node.Silo!.Lane.Post(() => _ = AskAsync());
        Wait(TimeSpan.FromMilliseconds(20));
        if (reply is { Kind: ReplyKind.Answered })
        {
            var (count, digest) = SimObject.Read(reply.Payload!);
            Group.Checker.MasterRead(began, count, digest, reply.Token);
        }

        return reply;

        async Task AskAsync() =>
            reply = await node.Silo.Replica(Group.Id).ReadAsync(new ReadRequest { Payload = [], Token = SessionToken.None, MasterOnly = true });
    }

    /// <summary>Nothing passes between this node and the others, nor the store.</summary>
    public void Isolate(SimNode node)
    {
        foreach (var other in Cluster.Nodes)
        {
            Cluster.Network.Cut(node.Index, other.Index);
            Cluster.Network.Cut(other.Index, node.Index);
        }

        Cluster.Store.CutOff.Add(node.Index);
    }

    public void Heal()
    {
        Cluster.Network.HealAll();
        Cluster.Store.CutOff.Clear();
        Until(() => Cluster.Unrest(Group) is null, "rest");
        FinalCheck.Check(Cluster, Group);
    }

    private void Start(Func<Task> work) => Do(() => _ = WatchAsync(work));

    private async Task WatchAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            _world.Scheduler.Fail(e);
        }
    }
}
