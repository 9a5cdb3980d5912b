using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Simulated.Disk;
using Orleans.MasterSlave.Simulated.Network;
using Orleans.MasterSlave.Simulated.Store;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Nodes;

/// <summary>One life of a node's process: the shell that a silo is around the core.</summary>
internal sealed class SimSilo
{
    private readonly SimCluster _cluster;
    private readonly TimeProvider _time, _heartbeatTime;
    private readonly SortedDictionary<int, SimSlot> _slots = [];
    private readonly BlockWatch _blockWatch;
    private readonly List<Action> _whenResumed = [];
    private readonly SimNode _node;
    private readonly NodeStart _start;
    private readonly CancellationTokenSource _stopped = new();
    private NodeLease? _lease;
    private Task _renewing = Task.CompletedTask;
    private long _claims;
    private long _births;

    public SimSilo(SimCluster cluster, SimNode node, LivenessTimes times)
    {
        _cluster = cluster;
        _node = node;
        Index = node.Index;
        Lane = new SimLane(cluster.World.Scheduler, $"node {node.Index}#{node.StartCount}");
        Heartbeats = new SimLane(cluster.World.Scheduler, $"heartbeats of node {node.Index}#{node.StartCount}");
        _heartbeatTime = new VirtualTime(Heartbeats, node.ClockRate, node.ClockZero, () => node.WallClockOffset);
        _time = new VirtualTime(Lane, node.ClockRate, node.ClockZero, () => node.WallClockOffset);
        _blockWatch = new BlockWatch(_heartbeatTime, times.HeartbeatInterval / 4);
        Clock = new NodeClock(_time);
        Liveness = new NodeLiveness(new NodeLife(SimIds.Node(node.Index), node.StartCount), SimIds.Store, times, _time) { OtherNodes = () => cluster.Nodes.Select(n => SimIds.Node(n.Index)) };
        var rows = cluster.Store.For(Heartbeats, Index);
        var settings = new NodeLeaseSettings(cluster.Options.NodeLease, cluster.Options.StoreTimeout, cluster.Options.StoreOutage);
        _start = new NodeStart(Liveness.Self, rows, node, settings, _heartbeatTime, cluster.NewStamp, new SimLeaseEvents(cluster.World, this));
        var store = new TimedGroupStore(cluster.Store.For(Lane, Index), cluster.Options.StoreTimeout, _time, new SimStoreEvents(cluster.World));
        foreach (var group in cluster.Groups.Where(g => g.Plan.Replicas.Contains(SimIds.Node(node.Index))))
        {
            var disk = new SimDisk(cluster.World, Lane, cluster.World.Random.Fork(), node.ContentsOf(group.Index), node.Disk) { ReadFailed = FailDisk };
            var coordinator = new GroupCoordinator(group.Id, store, _time);
            _slots[group.Index] = new SimSlot(disk, () => Make(node, group, disk, coordinator));
        }
    }

    public int Index { get; }
    public SimLane Lane { get; }

    /// <summary>Another thread of the same process: heartbeats go on while the replicas' is blocked.</summary>
    public SimLane Heartbeats { get; }
    public NodeLiveness Liveness { get; }
    public NodeClock Clock { get; }

    /// <summary>Takes messages: its replicas have recovered.</summary>
    public bool IsUp { get; private set; }
    public bool HasFailedDisk { get; private set; }
    public bool MayDiffer => _cluster.MayDiffer;
    public bool MayQuarantine => _cluster.MayQuarantine || IsDisplaced;

    /// <summary>Another process is the node.</summary>
    public bool IsDisplaced { get; private set; }
    public NodeLease? Lease => _lease;
    public IEnumerable<SimReplica> Replicas => _slots.Values.Select(s => s.Present).OfType<SimReplica>();

    public SimReplica Of(GroupId group) => _slots[_cluster.IndexOf(group)].Present ?? throw new InvalidOperationException($"{group} has no replica on node {Index} now.");
    public SimReplica? OfOrNull(int group) => _slots.GetValueOrDefault(group)?.Present;

    /// <summary>The replica of a group, for a call that has reached it: one that ended begins anew.</summary>
    public async Task<Replica> ReplicaAsync(GroupId group) => (await _slots[_cluster.IndexOf(group)].StartedAsync()).Replica;

    /// <summary>The activation ends, as an author may ask for, while the process lives on; the next call makes another one.</summary>
    public Task EndReplicaAsync(GroupId group)
    {
        _cluster.World.Count("replica ended");
        _cluster.World.Note("replica ended", Index, 0, 0, group);
        return _slots[_cluster.IndexOf(group)].EndAsync();
    }

    public bool HoldsDataOf(int group) => _slots.TryGetValue(group, out var slot) && slot.Disk is { } disk && (!disk.Birth.IsNone || disk.Last != LogPosition.None);
    public int LastMasterOf(GroupId group) => _cluster.Groups[_cluster.IndexOf(group)].Checker.MasterBefore;

    public void Start() => Heartbeats.Post(() => _ = BeginAsync());

    /// <summary>A call of a client, and what comes of it, before the network has its way with the answer.</summary>
    public async Task<CallReply> ExecuteAsync(SimGroup group, Operation operation)
    {
        var reply = await (await ReplicaAsync(group.Id)).ExecuteAsync(operation);
        if (reply.Kind == ReplyKind.Answered && !SimObject.WasSkipped(reply.Payload!)) group.Checker.AnsweredBy(Index, operation.Id, reply.Token, SimObject.Read(reply.Payload!).Count);
        return reply;
    }

    /// <summary>As <see cref="ExecuteAsync"/>, of a read.</summary>
    public async Task<CallReply> ReadAsync(SimGroup group, ReadRequest request)
    {
        var replica = await _slots[_cluster.IndexOf(group.Id)].StartedAsync();
        var reply = await replica.Reads.RunAsync(request, replica.Replica.ReadAsync);
        if (reply.Kind == ReplyKind.Answered && !request.PositionOnly)
            group.Checker.ReadAnswered(Index, SimObject.Read(reply.Payload!).Count, _cluster.Options.LimitsOf(Index, _cluster.Options.Limits).MaxStaleness);
        return reply;
    }

    public void FailDisk()
    {
        HasFailedDisk = true;
        foreach (var slot in _slots.Values) slot.Disk.Fail();
        Lane.Post(() =>
        {
            Liveness.LogFailed();
            foreach (var replica in Replicas) replica.Replica.Fail("the log failed", new IOException("simulated"));
        });
    }

    /// <summary>User code that blocks the replicas' thread; null: none.</summary>
    public OpenTurn? Blocking { get; private set; }

    /// <summary>An operation, or a read, of each replica here blocks its thread. Heartbeats go on.</summary>
    public void Block()
    {
        Blocking = new OpenTurn("an operation", _cluster.Options.ApplyTimeout, "ApplyTimeout");
        Lane.Pause();
    }

    /// <summary>A thread that goes on first ends what it was in the middle of, and then does what was asked of it meanwhile.</summary>
    public void WhenResumed(Action action) => _whenResumed.Add(action);

    /// <summary>The process stands still.</summary>
    public void Pause()
    {
        Lane.Pause();
        Heartbeats.Pause();
    }

    public void Resume()
    {
        Blocking = null;
        Lane.Resume();
        Heartbeats.Resume();
        foreach (var action in _whenResumed) _cluster.World.After(TimeSpan.FromMilliseconds(1), action);
        _whenResumed.Clear();
    }

    /// <summary>The silo stops in order; completes when it may be ended.</summary>
    public async Task LeaveAsync()
    {
        var began = Liveness.Now;
        Liveness.Leave();
        foreach (var replica in Replicas) replica.Replica.Leave("the silo stops");
        await Task.Delay(Liveness.Times.HeartbeatInterval * 2, _time);
        while (Liveness.HasSlavesInSync && Liveness.Now - began < TimeSpan.FromSeconds(1)) await Task.Delay(TimeSpan.FromMilliseconds(10), _time);
        foreach (var replica in Replicas) replica.Replica.Resign("the silo stops");
        await SnapshotAllAsync();
        var released = new TaskCompletionSource();
        Heartbeats.Post(() => _ = ReleaseAsync(released));
        await released.Task;
    }

    private async Task SnapshotAllAsync()
    {
        foreach (var replica in Replicas.Where(r => r.Replica.UnsavedSince() is not null).ToList())
        {
            try
            {
                await ReturningAsync(replica.Replica.SnapshotAsync()).WaitAsync(TimeSpan.FromMilliseconds(300), _time);
                _cluster.World.Count("snapshot at a stop");
            }
            catch (Exception)
            {
                _cluster.World.Count("no snapshot at a stop");
            }
        }

        static async Task ReturningAsync(Task task) => await task;
    }

    private async Task ReleaseAsync(TaskCompletionSource released)
    {
        try
        {
            _stopped.Cancel();
            await _renewing;
            if (_lease is not null) await _lease.ReleaseAsync();
        }
        catch (Exception)
        {
            _cluster.World.Count("node not released");
        }

        Lane.Post(released.SetResult);
    }

    public void Crash()
    {
        IsUp = false;
        Lane.Kill();
        Heartbeats.Kill();
        foreach (var slot in _slots.Values) slot.Disk.Crash();
    }

    /// <summary>Another process is the node: this one does nothing any more.</summary>
    public void Displaced()
    {
        IsDisplaced = true;
        Liveness.CannotGoOn();
        Lane.Post(FailAll);
    }

    private void FailAll()
    {
        foreach (var replica in Replicas) replica.Replica.Fail("another process is the node", new InvalidOperationException("simulated"));
    }

    private async Task BeginAsync()
    {
        if (!await BecomeNodeAsync()) return;
        _renewing = RenewAsync();
        Lane.Post(() => _ = RunAsync());
    }

    private async Task RunAsync()
    {
        try
        {
            foreach (var slot in _slots.Values) await slot.StartedAsync();
        }
        catch (Exception e) when (!HasFailedDisk)
        {
            _cluster.World.Scheduler.Fail(e);
        }

        IsUp = true;
        _node.CameUp();
        Heartbeats.Post(() =>
        {
            _ = BeatAsync();
            _ = TickAsync();
        });
    }

    /// <summary>
    /// Whoever starts a silo whose store does not answer starts it again. False: another process is the node, or this disk is an old one.
    /// </summary>
    private async Task<bool> BecomeNodeAsync()
    {
        while (true)
        {
            try
            {
                _lease = await _start.RunAsync(CancellationToken.None);
                _cluster.Became(_node);
                return true;
            }
            catch (MasterSlaveConfigurationException e)
            {
                _cluster.World.Count("start refused");
                _cluster.World.Note("start refused", Index, Liveness.Self.StartCount, 0, e.Message);
                if (_node.CopyOf is null && !_cluster.MayRefuseStarts) _cluster.World.Scheduler.Fail(e);
                _cluster.World.Scheduler.World.Post(() => _node.Ended(this));
                return false;
            }
            catch (Exception)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), _heartbeatTime);
            }
        }
    }

    private async Task RenewAsync()
    {
        try
        {
            await _lease!.RunAsync(_stopped.Token);
        }
        catch (OperationCanceledException)
        {
            // It stops in order.
        }
        catch (Exception e)
        {
            _cluster.World.Scheduler.Fail(e);
        }
    }

    private async Task BeatAsync()
    {
        while (true)
        {
            Beat();
            Clock.Compare(Liveness.PeerClockOffsets);
            await Task.Delay(Liveness.Times.HeartbeatInterval, _heartbeatTime);
        }
    }

    private void Beat()
    {
        foreach (var (peer, heartbeat) in Liveness.HeartbeatsDue()) _ = BeatAsync(peer, heartbeat);
    }

    private async Task BeatAsync(NodeId peer, Heartbeat heartbeat)
    {
        try
        {
            var reply = await _cluster.Network.CallAsync(
                Index, Heartbeats, SimIds.IndexOf(peer), heartbeat, silo => Task.FromResult(silo.Liveness.OnHeartbeat(heartbeat)), silo => silo.Heartbeats);
            if (reply is not null) Liveness.OnHeartbeatReply(peer, reply);
        }
        catch (IOException)
        {
            // The node is not there.
        }
    }

    private async Task TickAsync()
    {
        while (true)
        {
            await Task.Delay(Liveness.Times.HeartbeatInterval / 4, _heartbeatTime);
            Liveness.LogHangs(_slots.Values.Any(s => _cluster.World.Now - s.Disk.FlushingSince > _cluster.Options.LogStallTimeout));
            _blockWatch.Look(Replicas);
            if (Liveness.Tick()) Beat();
            Lane.Post(() =>
            {
                foreach (var replica in Replicas) replica.Look();
            });
        }
    }

    private SimReplica Make(SimNode node, SimGroup group, SimDisk disk, GroupCoordinator coordinator)
    {
        var target = new SimObject(_cluster.World, _time, node.Index, group.Checker, _cluster.Options.SlowestApplyMilliseconds, node, _cluster.Draws, group.Index);
        return new SimReplica(this, group, disk, target, replica => Environment(group, replica, target, coordinator));
    }

    private long NextClaim()
    {
        _cluster.Nodes[Index].BeforeClaim?.Invoke();
        return ++_claims;
    }

    private ReplicaEnvironment Environment(
        SimGroup group, SimReplica replica, SimObject target, GroupCoordinator coordinator) => new()
    {
        Group = group.Id,
        Liveness = Liveness,
        Listener = replica,
        Log = replica.Log,
        Coordinator = coordinator,
        Links = new SimLinks(_cluster.Network, this, group.Id),
        Object = target,
        Marks = _node.MarksOf(group.Index),
        Time = _time,
        Clock = Clock,
        Limits = _cluster.Options.LimitsOf(Index, _cluster.Options.Limits),
        Events = new SimEvents(_cluster.World, this, group.Id),
        NextClaimNumber = NextClaim,
        NewBirth = () => SimIds.Birth(Index, Liveness.Self.StartCount, ++_births),
        NewDrawKey = _cluster.NewDrawKey,
        Version = new Commit.CodeVersion(_node.Version, "library"),
        Search = new SimDataSearch(_cluster, this, group.Index, _time),
        PreviousLifeProvedDead = _lease!.EarlierLifeProvedDead,
        MayActAlone = _lease.MayActAlone,
        Locate = _cluster.Locate,
        Places = new SimPlaces(_cluster, group),
    };
}
