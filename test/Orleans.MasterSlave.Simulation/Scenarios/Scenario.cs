using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Checks;
using Orleans.MasterSlave.Simulated.Disk;
using Orleans.MasterSlave.Simulated.Network;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.Runs;
using Orleans.MasterSlave.Simulated.Workload;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>One group in calm weather, and a history that is written out step by step.</summary>
internal sealed class Scenario
{
    private readonly SimWorld _world = new(1, keepTrace: true, firstComeFirstServed: true);

    private readonly Dictionary<int, SimClient> _clients = [];

    /// <summary>Founds the groups, and waits until all are at rest. In these limits a long staleness leaves it to the lease alone to stop an ex-master.</summary>
    public Scenario(
        GroupShape shape, int nodes = 3, int groups = 1, Func<ReplicaLimits, ReplicaLimits>? limits = null, bool untilRest = true,
        Func<int, ReplicaLimits, ReplicaLimits>? limitsOf = null, Liveness.LivenessTimes? times = null,
        StoreOutageBehavior outage = StoreOutageBehavior.StopServingAlone, bool founded = true, DiskLie lie = DiskLie.None, bool imports = false)
    {
        var chosen = new ReplicaLimits { MaxStaleness = TimeSpan.FromSeconds(30) };
        Cluster = new SimCluster(_world, new SimulationOptions
        {
            Nodes = nodes,
            Groups = [.. Enumerable.Repeat(shape, groups)],
            Lie = lie,
            ImportsFirstState = imports,
            Times = times ?? new Liveness.LivenessTimes(),
            SlowestApplyMilliseconds = 0,
            StoreOutage = outage,
            Limits = limits?.Invoke(chosen) ?? chosen,
            LimitsOf = limitsOf ?? ((_, l) => l),
        });
        Group = Cluster.Groups[0];
        Do(Cluster.StartAll);
        if (!founded) return;
        foreach (var group in Cluster.Groups) Start(() => new Founder(Cluster, group, _world.Random.Fork()).FoundAsync());
        if (untilRest) UntilAllRest();
    }

    public static GroupShape Pair { get; } = new(2, ReplicationMode.Synchronous, 1);
    public static GroupShape Three { get; } = new(3, ReplicationMode.Synchronous, 1);

    public SimCluster Cluster { get; }

    /// <summary>The group that the steps are about.</summary>
    public SimGroup Group { get; set; }
    public SimClient Client => _clients.TryGetValue(Group.Index, out var client) ? client
        : _clients[Group.Index] = new SimClient(Cluster, Group, SimIds.Client(Group.Index), _world.Random.Fork());

    public GroupRecord Record => Cluster.Store.Record(Group.Id)!;
    public SimNode Master => Cluster.Nodes[SimIds.IndexOf(Record.Master)];

    /// <summary>The other replicas of the record, in the order of their numbers.</summary>
    public IReadOnlyList<SimNode> Slaves => [.. Record.Replicas.Select(n => Cluster.Nodes[SimIds.IndexOf(n)]).Where(n => n != Master).OrderBy(n => n.Index)];
    public static NodeId NodeOf(SimNode node) => SimIds.Node(node.Index);
    public DateTime UtcNow => _world.Time.GetUtcNow().UtcDateTime;

    /// <summary>What a client knows that has just heard from the master.</summary>
    public SessionToken Known => new(Record.DataLossCount, Record.Epoch, At(Master).Status.Committed);
    public IReadOnlyList<string> Transcript => _world.Trace.Lines;

    public void Do(Action action)
    {
        _world.Scheduler.World.Post(action);
        Wait(TimeSpan.Zero);
    }

    public void Wait(TimeSpan time) => _world.Scheduler.Run(() => false, (_world.Now + time).Ticks);

    /// <summary>An operator has an entry skipped, by the master.</summary>
    public Skip AskToSkip(SimNode node, LogPosition entry)
    {
        var (silo, skip) = (node.Silo!, new Skip());
        silo.Lane.Post(() => _ = WatchAsync(async () => skip.Reply = await (await silo.ReplicaAsync(Group.Id)).SkipAsync(new SkipRequest { Entry = entry })));
        return skip;
    }

    /// <summary>Goes on to the very step after which the condition holds, and not one further.</summary>
    public void Until(Func<bool> condition, string what, double seconds = 30)
    {
        var came = _world.Scheduler.Run(condition, (_world.Now + TimeSpan.FromSeconds(seconds)).Ticks);
        _world.Require(came, () => $"never came: {what}");
    }

    /// <summary>A caller has the group made by this node.</summary>
    public void Found(SimNode node)
    {
        _ = AskToFound(node, Group.Plan);
        Until(() => Cluster.Store.Record(Group.Id) is not null, "a record");
    }

    public Creation AskToFound(SimNode node, GroupPlan plan)
    {
        var silo = node.Silo!;
        var creation = new Creation();
        Until(() => silo.IsUp, "the node is up");
        silo.Lane.Post(() => _ = WatchAsync(async () => creation.Reply = await (await silo.ReplicaAsync(Group.Id)).CreateAsync(plan)));
        return creation;
    }

    public void UntilAllRest() => Until(() => Cluster.Groups.All(g => Cluster.Unrest(g) is null), "rest");

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

    public ReplicaOf At(SimNode node) => new(node.Silo!.OfOrNull(Group.Index), node.Silo.Lease);

    public static bool IsAppendWithEntries(object? message) => message is AppendRequest { Entries.Count: > 0 };

    /// <summary>An operation of another client than <see cref="Client"/>: who sends it, and when, is up to the history.</summary>
    public Operation Operation(long sequence, int client = 77, SessionToken? known = null, byte[]? payload = null) => new()
    {
        Id = new RequestId(SimIds.Client(client), sequence),
        AnsweredThrough = 0,
        Known = known ?? SessionToken.None,
        Payload = payload ?? new byte[8],
        Birth = Cluster.Store.Record(Group.Id)?.Birth ?? GroupBirth.None,
    };

    /// <summary>Hands an operation to one replica, past the network. An answer counts as acknowledged.</summary>
    public Call Send(SimNode node, Operation operation)
    {
        var (began, group) = (Group.Checker.Now, Group);
        return Ask(node, async silo =>
        {
            var reply = await silo.ExecuteAsync(group, operation);
            if (reply.Kind != ReplyKind.Answered || group.Checker.All.ContainsKey(operation.Id) || SimObject.WasSkipped(reply.Payload!)) return reply;
            var (count, digest) = SimObject.Read(reply.Payload!);
            group.Checker.Acknowledge(operation.Id, began, count, digest, reply.Token);
            return reply;
        });
    }

    /// <summary>Asks one replica for a read; a linearizable one that is answered is checked against all that was acknowledged before.</summary>
    public Call Read(SimNode node, bool masterOnly, long seenVersion = 0)
    {
        var (began, group) = (Group.Checker.Now, Group);
        return Ask(node, async silo =>
        {
            var reply = await silo.ReadAsync(group, new ReadRequest { Payload = [], Token = SessionToken.None, MasterOnly = masterOnly, SeenVersion = seenVersion });
            if (reply.Kind != ReplyKind.Answered || !masterOnly) return reply;
            var (count, digest) = SimObject.Read(reply.Payload!);
            group.Checker.MasterRead(began, count, digest, reply.Token);
            return reply;
        });
    }

    /// <summary>Asks one replica for a linearizable read, and waits a little for what it says.</summary>
    public CallReply? MasterReadAt(SimNode node) => Soon(Read(node, masterOnly: true));

    /// <summary>Waits for what a replica says at once: longer than any disk needs, shorter than any time-out.</summary>
    public CallReply? Soon(Call call)
    {
        Wait(TimeSpan.FromMilliseconds(20));
        return call.Reply;
    }

    /// <summary>Nothing passes between this node and the others, nor the store.</summary>
    public void Isolate(SimNode node)
    {
        CutOff(node);
        Cluster.Store.CutOff.Add(node.Index);
    }

    /// <summary>Nothing passes between this node and the others, nor clients; it reaches the store.</summary>
    public void CutOffFromAllButTheStore(SimNode node)
    {
        CutOff(node);
        Cluster.Network.Cut(SimNetwork.Clients, node.Index);
        Cluster.Network.Cut(node.Index, SimNetwork.Clients);
    }

    private void CutOff(SimNode node)
    {
        foreach (var other in Cluster.Nodes)
        {
            Cluster.Network.Cut(node.Index, other.Index);
            Cluster.Network.Cut(other.Index, node.Index);
        }
    }

    /// <summary>The group's activation on a node ends; the next call there makes another.</summary>
    public void EndReplica(SimNode node)
    {
        var (silo, group) = (node.Silo!, Group.Id);
        silo.Lane.Post(() => _ = WatchAsync(() => silo.EndReplicaAsync(group)));
        Wait(TimeSpan.Zero);
    }

    /// <summary>
    /// The group's activation on its master ends; the next one retakes the office, and is quarantined at once. All that goes to one slave
    /// meanwhile is lost.
    /// </summary>
    public void LoseMastershipTwice(SimNode master, SimNode unheardBy)
    {
        var epoch = Record.Epoch;
        Cluster.MayQuarantine = true;
        Lose(master, unheardBy, _ => true);
        EndReplica(master);
        _ = Read(master, masterOnly: true); // a caller comes
        Until(() => Master == master && Record.Epoch > epoch && At(master).IsMaster, "it retakes the office", 1);
        var silo = master.Silo!;
        silo.Lane.Post(() => silo.Of(Group.Id).Replica.Fail("it is broken", new InvalidOperationException("simulated")));
        Wait(TimeSpan.Zero);
        EndScript();
    }

    /// <summary>A node is stopped, and started with other durations.</summary>
    public void Restart(SimNode node, Liveness.LivenessTimes times)
    {
        node.Times = times;
        Do(node.Crash);
        Wait(TimeSpan.FromSeconds(5));
        Do(() => node.Start());
    }

    /// <summary>Requests of this kind from one node to another are lost from now on; their replies are not.</summary>
    public void Lose(SimNode from, SimNode to, Func<object?, bool> which) => Script(from, to, which, MessageFate.IsLost);

    public void Hold(SimNode from, SimNode to, Func<object?, bool> which) => Script(from, to, which, MessageFate.IsHeld);

    public void Double(SimNode from, SimNode to, Func<object?, bool> which) => Script(from, to, which, MessageFate.IsDoubled);

    public void EndScript() => Cluster.Network.Script = null;

    /// <summary>Everything arrives, every node runs: rest must come, and nothing acknowledged be lost.</summary>
    public void Heal()
    {
        EndScript();
        foreach (var node in Cluster.Nodes) node.ApplyTime = node.ReadTime = TimeSpan.Zero;
        Cluster.Network.HealAll();
        Cluster.Store.CutOff.Clear();
        Cluster.Store.HangsFor.Clear();
        Do(Cluster.StartAll);
        UntilAllRest();
        foreach (var group in Cluster.Groups) FinalCheck.Check(Cluster, group);
    }

    /// <summary>Single-threaded runs want a thread without anybody's synchronization context.</summary>
    public static void Play(Action history)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Xunit.Record.Exception(history));
        thread.Start();
        thread.Join();
        if (failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    private void Script(SimNode from, SimNode to, Func<object?, bool> which, MessageFate fate)
    {
        var others = Cluster.Network.Script;
        Cluster.Network.Script = (sender, receiver, message) =>
            sender == from.Index && receiver == to.Index && which(message) ? fate : others?.Invoke(sender, receiver, message) ?? MessageFate.Passes;
    }

    /// <summary>Hands a piece of a master's snapshot to one replica, past the network.</summary>
    public Install Send(SimNode node, InstallRequest request)
    {
        var install = new Install();
        var silo = node.Silo!;
        var group = Group.Id;
        silo.Lane.Post(() => _ = WatchAsync(async () => install.Reply = await (await silo.ReplicaAsync(group)).OnInstallAsync(request)));
        return install;
    }

    /// <summary>Hands what a master would send to one replica, past the network.</summary>
    public void Send(SimNode node, AppendRequest request)
    {
        var (silo, group) = (node.Silo!, Group.Id);
        silo.Lane.Post(() => _ = WatchAsync(async () => await (await silo.ReplicaAsync(group)).OnAppendAsync(request)));
    }

    private Call Ask(SimNode node, Func<SimSilo, Task<CallReply>> ask)
    {
        var call = new Call();
        var silo = node.Silo!;
        silo.Lane.Post(() => _ = WatchAsync(async () => call.Reply = await ask(silo)));
        return call;
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

/// <summary>What one replica was asked, and what it has said so far.</summary>
internal sealed class Call
{
    public CallReply? Reply { get; set; }
    public bool IsAnswered => Reply?.Kind == ReplyKind.Answered;
}

/// <summary>What became of the wish to make a group, so far.</summary>
internal sealed class Creation
{
    public CreateReply? Reply { get; set; }
}

/// <summary>What became of a piece of a snapshot, so far.</summary>
internal sealed class Install
{
    public InstallReply? Reply { get; set; }
}

/// <summary>What became of an operator's wish to have an entry skipped, so far.</summary>
internal sealed class Skip
{
    public SkipReply? Reply { get; set; }
}

/// <summary>How one replica stands, for histories that wait for a certain moment.</summary>
internal sealed class ReplicaOf(SimReplica? present, NodeLease? lease)
{
    public NodeLeaseState? Lease => lease?.Standing.Lease;
    private SimReplica Replica => present ?? throw new InvalidOperationException("There is no replica there now.");
    public ReplicaStatus Status => Replica.Replica.Status();
    public GroupView? View => Replica.Replica.View;
    public bool IsMaster => Status.Role == ReplicaRole.Master;
    
    /// <summary>Not while its node only starts.</summary>
    public bool IsServing => present?.Replica.IsServing ?? false;
    public SimDisk Disk => Replica.Disk;
    public int Applied => Replica.Object.Ledger.Count;

    /// <summary>The first state that it has; null: none yet.</summary>
    public long? Imported => Replica.Object.Imported;
    public long Hidden => Replica.Object.Hidden;
}
