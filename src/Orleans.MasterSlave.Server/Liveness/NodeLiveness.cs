using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Liveness;

/// <summary>
/// Heartbeats and leases of one node, for all its groups (L1–L6): per pair of silos, never per group. Thread-safe; calls to listeners are made
/// outside the lock. The shell sends what <see cref="HeartbeatsDue"/> returns, and calls <see cref="Tick"/> some times in each heartbeat interval.
/// </summary>
internal sealed class NodeLiveness(NodeLife self, StoreId store, LivenessTimes times, TimeProvider time)
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);
    private const int MostStartedAnew = 64;
    private const int MostBehind = 256; // groups named in a heartbeat
    private readonly Lock _lock = new();
    private readonly SortedDictionary<NodeId, PeerLease> _leases = [];
    private readonly SortedDictionary<NodeId, MasterWatch> _watches = [];
    private readonly FollowedMasters _followed = new();
    private readonly List<IReplicaListener> _ticked = [];
    private readonly HashSet<IReplicaListener> _tickedSet = [];
    private TimeSpan _sweptAt = TimeSpan.MinValue;
    private volatile bool _logFailed;
    private volatile bool _logHangs;

    /// <summary>Told, for each heartbeat that is heard, how long after the one before it came.</summary>
    public Action<TimeSpan>? HeardAfter { get; init; }

    /// <summary>Nothing can be made durable here: no sign of life is given, nobody takes office, and no slave is taken for the one at fault (L1).</summary>
    public bool CannotServe => _logFailed || _logHangs;

    public NodeLife Self => self;
    public StoreId Store => store;
    public LivenessTimes Times => times;
    public TimeSpan Now => time.GetElapsedTime(0);
    private DateTime UtcNow => time.GetUtcNow().UtcDateTime;

    // ---- the master's side

    public void AddSlave(NodeId slave, IReplicaListener listener)
    {
        lock (_lock)
        {
            var lease = Lease(slave);
            if (!lease.Listeners.Contains(listener)) lease.Listeners.Add(listener);
        }
    }

    public void RemoveSlave(NodeId slave, IReplicaListener listener)
    {
        lock (_lock) Lease(slave).Listeners.Remove(listener);
    }

    /// <summary>Until when the lease counts for a group whose slave confirmed it under that session; null: it does not.</summary>
    public TimeSpan? LeaseUntil(NodeId slave, LeaseSession? confirmed)
    {
        lock (_lock)
        {
            var lease = Lease(slave);
            return !CannotServe && confirmed is { } session && session == lease.Session && lease.IsValid(Now, UtcNow) ? lease.Until : null;
        }
    }

    /// <summary>Until when the lease last counted for such a group, also when that is past; <see cref="TimeSpan.MinValue"/>: it never did (R2).</summary>
    public TimeSpan LastLeasedUntil(NodeId slave, LeaseSession? confirmed)
    {
        lock (_lock)
        {
            var lease = Lease(slave);
            return confirmed is { } session && session == lease.Session ? lease.Until : TimeSpan.MinValue;
        }
    }

    /// <summary>The session in force, once the slave's silo answers heartbeats; null while it is not heard.</summary>
    public LeaseSession? ReachableSession(NodeId slave)
    {
        lock (_lock)
        {
            var lease = Lease(slave);
            return lease.IsValid(Now, UtcNow) ? lease.Session : null;
        }
    }

    /// <summary>Tells the slaves that they need not wait, until each has acknowledged it (L1, L6).</summary>
    public void Resign(GroupId group, Epoch epoch, IEnumerable<NodeId> slaves)
    {
        lock (_lock)
            foreach (var slave in slaves) Lease(slave).Resignations[new Resignation(group, epoch)] = 0;
    }

    /// <summary>The log failed for good: heartbeats are no sign of life any more (L1).</summary>
    public void LogFailed() => _logFailed = true;

    /// <summary>The log hangs, or goes on again: heartbeats are no sign of life meanwhile (L1).</summary>
    public void LogHangs(bool hangs) => _logHangs = hangs;

    public List<(NodeId Peer, Heartbeat Heartbeat)> HeartbeatsDue()
    {
        var due = new List<(NodeId, Heartbeat)>();
        lock (_lock)
        {
            foreach (var (peer, lease) in _leases)
            {
                if (lease.Listeners.Count == 0 && lease.Resignations.Count == 0) continue;
                var number = lease.NextNumber(Now, UtcNow, givesLease: !CannotServe);
                var resignations = lease.Resignations.Keys.ToArray();
                foreach (var resignation in resignations)
                    if (lease.Resignations[resignation] == 0) lease.Resignations[resignation] = number;
                var behind = BehindAt(peer);
                due.Add((peer, new Heartbeat
                {
                    Sender = self,
                    Number = number,
                    Store = store,
                    Resignations = resignations,
                    CannotServe = CannotServe,
                    Echo = lease.Echo,
                    Behind = behind.Length <= MostBehind ? behind : [],
                    AnyMayBeBehind = behind.Length > MostBehind,
                }));
            }
        }

        return due;
    }

    public void OnHeartbeatReply(NodeId peer, HeartbeatReply reply)
    {
        IReplicaListener[] told = [];
        IReplicaListener[] asked = [];
        lock (_lock)
        {
            var lease = Lease(peer);
            if (reply.StartedAnew.Length > 0) asked = [.. lease.Listeners.Where(l => reply.StartedAnew.Contains(l.Group))];
            if (lease.OnReply(reply) || lease.WasValid != lease.IsValid(Now, UtcNow))
            {
                lease.WasValid = lease.IsValid(Now, UtcNow);
                told = [.. lease.Listeners];
            }
        }

        foreach (var listener in told) listener.PeerChanged();
        foreach (var listener in asked) listener.SlaveStartedAnew(peer);
    }

    // ---- the slave's side

    public void Watch(NodeId master, IReplicaListener listener)
    {
        lock (_lock)
        {
            var watch = WatchOf(master);
            if (!watch.Listeners.Contains(listener)) watch.Listeners.Add(listener);
        }
    }

    public void Unwatch(NodeId master, IReplicaListener listener)
    {
        lock (_lock) WatchOf(master).Listeners.Remove(listener);
    }

    /// <summary>A replica of the group starts here: what this process has promised for the group binds it (L4).</summary>
    public void Follow(GroupId group, IReplicaListener replica)
    {
        lock (_lock) _followed.Attend(group, replica, Now);
    }

    /// <summary>Whom this process follows for the group, and what it has promised there, whichever replica did.</summary>
    public FollowedMaster Followed(GroupId group)
    {
        lock (_lock) return _followed.Of(group, Now);
    }

    public void Remember(GroupId group, FollowedMaster followed)
    {
        lock (_lock) _followed.Change(group, followed, Now);
    }

    /// <summary>The replica of the group goes on where an earlier one of this process ended.</summary>
    public void StartedAnew(GroupId group)
    {
        lock (_lock) _followed.StartedAnew(group);
    }

    /// <summary>The replica of the group heard its master, or goes over to another.</summary>
    public void HeardMaster(GroupId group, NodeId master)
    {
        lock (_lock) _followed.Heard(group, master);
    }

    /// <summary>The replica ends. What it promised binds the next one.</summary>
    public void Unfollow(GroupId group, IReplicaListener replica)
    {
        lock (_lock) _followed.Leave(group, replica);
    }

    /// <summary>The newest epoch of the group that its master is known to have given up (L6).</summary>
    public Epoch ResignedEpoch(GroupId group)
    {
        lock (_lock) return _followed.ResignedEpoch(group);
    }

    /// <summary>For how many groups this process remembers whom it follows.</summary>
    public int FollowedGroups
    {
        get
        {
            lock (_lock) return _followed.Count;
        }
    }

    public HeartbeatReply? OnHeartbeat(Heartbeat heartbeat)
    {
        var resigned = new List<(IReplicaListener Listener, Epoch Epoch)>();
        IReplicaListener[] told = [];
        HeartbeatReply? reply = null;
        TimeSpan? gap = null;
        lock (_lock)
        {
            if (heartbeat.Store != store) throw new InvalidOperationException($"Heartbeat of {heartbeat.Sender} is of store {heartbeat.Store}, this node's is {store}.");
            var watch = WatchOf(heartbeat.Sender.Node);
            foreach (var resignation in heartbeat.Resignations)
            {
                _followed.Resigned(resignation);
                foreach (var listener in watch.Listeners.Where(l => l.Group == resignation.Group)) resigned.Add((listener, resignation.Epoch));
            }

            var newLife = heartbeat.Sender.StartCount > watch.Life;
            if (heartbeat.Sender.StartCount == watch.Life) gap = Now - watch.LastHeard(watch.Life);
            if (heartbeat.CannotServe || watch.OnHeard(heartbeat.Sender.StartCount, Now))
            {
                reply = new HeartbeatReply
                {
                    Replier = self,
                    Number = heartbeat.Number,
                    Session = watch.Session,
                    Now = Now,
                    StartedAnew = _followed.StartedAnewUnder(heartbeat.Sender.Node, MostStartedAnew),
                };
                watch.OnFreshness(heartbeat, Now);
                if (newLife || watch.WasSilent) told = [.. watch.Listeners];
                watch.WasSilent = watch.WasSilent && heartbeat.CannotServe;
            }
        }

        if (gap is { } span) HeardAfter?.Invoke(span);
        foreach (var (listener, epoch) in resigned) listener.MasterResigned(epoch);
        foreach (var listener in told) listener.PeerChanged();
        return reply;
    }

    /// <summary>When this life of the master was last heard; <see cref="TimeSpan.MinValue"/> if never.</summary>
    public TimeSpan LastHeard(NodeId master, long life)
    {
        lock (_lock) return WatchOf(master).LastHeard(life);
    }

    /// <summary>
    /// Of which moment the replica here shows at least the state (R2), by what its master's heartbeats say that were sent after <paramref name="since"/>, if it has
    /// applied all that it was told before <paramref name="unappliedSince"/>; <see cref="TimeSpan.MinValue"/>: nobody knows.
    /// </summary>
    public TimeSpan FreshAsOf(GroupId group, NodeId master, long life, TimeSpan since, TimeSpan unappliedSince)
    {
        lock (_lock)
        {
            var asOf = WatchOf(master).FreshAsOf(group, life, since, unappliedSince);
            return asOf == TimeSpan.MinValue ? asOf : asOf - times.BehindAfter;
        }
    }

    /// <summary>The newest life of the master's process that was heard; 0: none.</summary>
    public long LifeOf(NodeId master)
    {
        lock (_lock) return WatchOf(master).Life;
    }

    public LeaseSession SessionFor(NodeId master)
    {
        lock (_lock) return WatchOf(master).Session;
    }

    /// <summary>
    /// From now on no lease that this node gave to that master counts until it is confirmed again (L3). False, and nothing changes: that life of the
    /// master was heard meanwhile, and its lease renewed by that, so the slave's wait is not over. One step, because heartbeats come in another thread
    /// than the slave's own: one that is answered after the decision and before the session changes would renew what is about to be taken.
    /// </summary>
    /// <param name="master">Against whom the slave competes.</param>
    /// <param name="life">The life that confirmed the group to the slave; 0: none.</param>
    /// <param name="since">When the slave's patience began, if that life was not heard since (L4).</param>
    public bool TryBeginCompeting(NodeId master, long life, TimeSpan since)
    {
        lock (_lock)
        {
            var watch = WatchOf(master);
            if (Now < watch.PatienceEnds(life, since, times.PromotionWait)) return false;
            watch.ChangeSession();
            return true;
        }
    }

    // ---- time

    public void StartTicks(IReplicaListener listener)
    {
        lock (_lock) if (_tickedSet.Add(listener)) _ticked.Add(listener);
    }

    public void StopTicks(IReplicaListener listener)
    {
        lock (_lock) if (_tickedSet.Remove(listener)) _ticked.Remove(listener);
    }

    public void Tick()
    {
        var told = new List<IReplicaListener>();
        IReplicaListener[] ticked;
        lock (_lock)
        {
            foreach (var (_, lease) in _leases)
            {
                var valid = lease.IsValid(Now, UtcNow);
                if (valid == lease.WasValid) continue;
                lease.WasValid = valid;
                told.AddRange(lease.Listeners);
            }

            foreach (var (_, watch) in _watches)
            {
                var silent = watch.Life == 0 || Now - watch.LastHeard(watch.Life) > times.PromotionWait;
                if (silent && !watch.WasSilent) told.AddRange(watch.Listeners);
                watch.WasSilent = silent;
            }

            Sweep();
            ticked = [.. _ticked];
        }

        foreach (var listener in told) listener.PeerChanged();
        foreach (var listener in ticked) listener.Tick();
    }

    /// <summary>
    /// Forgets what binds nobody any more. A master that is heard again must not find a confirmation that nobody here remembers: with the session changed,
    /// it has to ask anew (L3).
    /// </summary>
    private void Sweep()
    {
        if (_sweptAt != TimeSpan.MinValue && Now - _sweptAt < SweepInterval) return;
        _sweptAt = Now;
        var over = _followed.TakeOut(f => Now >= (f.Master.IsNone ? f.Since + times.PromotionWait : WatchOf(f.Master).PatienceEnds(f.ConfirmedLife, f.Since, times.PromotionWait)));
        foreach (var master in over.Where(f => f.ConfirmedLife > 0).Select(f => f.Master).Distinct()) WatchOf(master).ChangeSession();
    }

    /// <summary>Who has nothing under way has no slave behind; so at rest this looks at nobody.</summary>
    private GroupId[] BehindAt(NodeId peer)
    {
        var before = Now - times.BehindAfter;
        return [.. _ticked.Where(t => t.IsSlaveBehind(peer, before)).Select(t => t.Group)];
    }

    private PeerLease Lease(NodeId slave) => _leases.TryGetValue(slave, out var lease) ? lease : _leases[slave] = new PeerLease(times);

    private MasterWatch WatchOf(NodeId master) => _watches.TryGetValue(master, out var watch) ? watch : _watches[master] = new MasterWatch(self.StartCount);
}
