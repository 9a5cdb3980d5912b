using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Liveness;

/// <summary>
/// Heartbeats and leases of one node, for all its groups (L1–L6): per pair of silos, never per group. Thread-safe; calls to listeners are made
/// outside the lock. The shell sends what <see cref="HeartbeatsDue"/> returns, and calls <see cref="Tick"/> some times in each heartbeat interval.
/// </summary>
internal sealed partial class NodeLiveness(NodeLife self, StoreId store, LivenessTimes times, TimeProvider time)
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);
    private const int MostStartedAnew = 64;
    private const int MostStrangers = 3; // who get heartbeats though they share no group
    private const int MostBehind = 256; // groups named in a heartbeat
    private readonly Lock _lock = new();
    private readonly SortedDictionary<NodeId, PeerLease> _leases = [];
    private readonly SortedDictionary<NodeId, MasterWatch> _watches = [];
    private readonly FollowedMasters _followed = new();
    private readonly List<IReplicaListener> _ticked = [];
    private readonly HashSet<IReplicaListener> _tickedSet = [];
    private readonly TimeSpan _started = time.GetElapsedTime(0);
    private readonly WakeWatch _wake = new(times.LeaseDuration, time.GetElapsedTime(0), time.GetUtcNow().UtcDateTime);
    private int _otherNodes; // how many are known
    private TimeSpan _sweptAt = TimeSpan.MinValue;
    private volatile bool _leaving;
    private volatile bool _logFailed;
    private volatile bool _logHangs;
    private volatile bool _cannotGoOn;

    /// <summary>Told, for each heartbeat that is heard, how long after the one before it came.</summary>
    public Action<TimeSpan>? HeardAfter { get; init; }

    /// <summary>The other nodes that are known to run: some of them get heartbeats though they share no group with this one, so that it knows whether it is cut off.</summary>
    public Func<IEnumerable<NodeId>> OtherNodes { get; init; } = static () => [];

    /// <summary>Nothing can be made durable here: no sign of life is given, nobody takes office, and no slave is taken for the one at fault (L1).</summary>
    public bool CannotServe => _logFailed || _logHangs || _cannotGoOn;

    /// <summary>This silo stops in order: nobody here takes office, and peers are told.</summary>
    public bool IsLeaving => _leaving;

    public void Leave() => _leaving = true;

    public NodeLife Self => self;
    public StoreId Store => store;
    public LivenessTimes Times => times;
    public TimeSpan Now => time.GetElapsedTime(0);
    private DateTime UtcNow => time.GetUtcNow().UtcDateTime;

    /// <summary>The silence of others counts: this process does not wake up just now, and has not asked in vain since (L8).</summary>
    public bool MayJudge
    {
        get
        {
            lock (_lock) return _wake.MayJudge(Now, UtcNow);
        }
    }

    // ---- time

    public void StartTicks(IReplicaListener listener)
    {
        lock (_lock) if (_tickedSet.Add(listener)) _ticked.Add(listener);
    }

    /// <summary>
    /// The groups of a lease that changed are asked at each heartbeat what they vouch for, until their own threads find that all is
    /// settled: also one whose thread is blocked vouches for nothing under a lease that is gone (R2).
    /// </summary>
    private IReplicaListener[] Unsettled(PeerLease lease)
    {
        foreach (var listener in lease.Listeners) StartTicks(listener);
        return [.. lease.Listeners];
    }

    /// <summary>
    /// While a lease of the group is gone, nothing changes: its own thread, which says this, has not heard of it yet.
    /// </summary>
    public void StopTicks(IReplicaListener listener)
    {
        lock (_lock)
        {
            if (!_tickedSet.Contains(listener) || _leases.Values.Any(l => !l.IsValid(Now, UtcNow) && l.Listeners.Contains(listener))) return;
            _tickedSet.Remove(listener);
            _ticked.Remove(listener);
        }
    }

    /// <summary>To be called some times in each heartbeat interval. True: this process slept, and heartbeats should go at once.</summary>
    public bool Tick()
    {
        bool woke;
        var told = new List<IReplicaListener>();
        IReplicaListener[] ticked;
        lock (_lock)
        {
            foreach (var (_, lease) in _leases)
            {
                var valid = lease.IsValid(Now, UtcNow);
                if (valid == lease.WasValid) continue;
                lease.WasValid = valid;
                told.AddRange(Unsettled(lease));
            }

            woke = _wake.Look(Now, UtcNow);
            foreach (var (master, watch) in _watches)
            {
                var silent = _wake.MayJudge(Now, UtcNow) && (watch.Life == 0 || IsOver(master, watch.Life, watch.LastHeard(watch.Life)));
                if (silent && !watch.WasSilent) told.AddRange(watch.Listeners);
                watch.WasSilent = silent;
            }

            Sweep();
            ticked = [.. _ticked];
        }

        foreach (var listener in told) listener.PeerChanged();
        foreach (var listener in ticked) listener.Tick();
        return woke;
    }

    /// <summary>
    /// Forgets what binds nobody any more. A master that is heard again must not find a confirmation that nobody here remembers: with the session changed,
    /// it has to ask anew (L3).
    /// </summary>
    private void Sweep()
    {
        if (_sweptAt != TimeSpan.MinValue && Now - _sweptAt < SweepInterval) return;
        _sweptAt = Now;
        var over = _followed.TakeOut(f => IsOver(f.Master, f.ConfirmedLife, f.Since));
        foreach (var master in over.Where(f => f.ConfirmedLife > 0).Select(f => f.Master).Distinct()) WatchOf(master).ChangeSession();
    }

    private bool IsOver(NodeId master, long life, TimeSpan since)
    {
        var (now, wait) = (Now, times.PromotionWait);
        return _wake.MayJudge(now, UtcNow) && now >= (master.IsNone ? since + wait : WatchOf(master).PatienceEnds(life, since, wait)) && now >= _started + times.EarlierPromotionWait;
    }

    /// <summary>It answered a heartbeat that was sent within this span, and since this process woke up.</summary>
    private bool WasHeard(PeerLease lease, TimeSpan span) =>
        lease.AnsweredHeartbeatSent != TimeSpan.MinValue && lease.AnsweredHeartbeatSent >= _wake.WokeAt && Now - lease.AnsweredHeartbeatSent <= span;

    /// <summary>Who has nothing under way has no slave behind; so at rest this looks at nobody.</summary>
    private GroupId[] BehindAt(NodeId peer)
    {
        var before = Now - times.BehindAfter;
        return [.. _ticked.Where(t => t.IsSlaveBehind(peer, before)).Select(t => t.Group)];
    }

    private PeerLease Lease(NodeId slave) => _leases.TryGetValue(slave, out var lease) ? lease : _leases[slave] = new PeerLease(times);

    private MasterWatch WatchOf(NodeId master) => _watches.TryGetValue(master, out var watch) ? watch : _watches[master] = new MasterWatch(self.StartCount);
}
