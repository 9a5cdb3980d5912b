using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Liveness;

/// <content>The master's side: heartbeats out, and leases.</content>
internal sealed partial class NodeLiveness
{
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

    /// <summary>A heartbeat could not be delivered, or was refused over there.</summary>
    public void HeartbeatFailed(NodeId peer, string trouble)
    {
        lock (_lock) Lease(peer).Trouble = trouble;
    }

    /// <summary>What became of the last heartbeat to it; null: it was answered, or nothing is known.</summary>
    public string? TroubleWith(NodeId peer)
    {
        lock (_lock) return Lease(peer).Trouble;
    }

    /// <summary>For each peer that was heard within a lease: its wall clock minus this node's, as of its last reply, by half the round trip.</summary>
    public IReadOnlyList<TimeSpan> PeerClockOffsets
    {
        get
        {
            lock (_lock) return [.. _leases.Values.Where(l => WasHeard(l, times.LeaseDuration)).Select(l => l.ClockOffset)];
        }
    }

    /// <summary>The slave's silo said that it stops.</summary>
    public bool IsSlaveLeaving(NodeId slave)
    {
        lock (_lock) return Lease(slave).IsLeaving;
    }

    /// <summary>
    /// No reply has come for the length of a lease, by the monotonic clock alone: when only the wall clock was set, leases end for a moment, and nobody is silent.
    /// </summary>
    public bool IsSilent(NodeId slave)
    {
        lock (_lock) return Now >= Lease(slave).Until;
    }

    /// <summary>Tells the slaves that they need not wait, until each has acknowledged it (L1, L6).</summary>
    public void Resign(Resignation resignation, IEnumerable<NodeId> slaves)
    {
        lock (_lock)
            foreach (var slave in slaves) Lease(slave).Resign(resignation);
    }

    /// <summary>The log failed for good: heartbeats are no sign of life any more (L1).</summary>
    public void LogFailed() => _logFailed = true;

    /// <summary>A loop of the silo ended: as if the log had failed, for good.</summary>
    public void CannotGoOn() => _cannotGoOn = true;

    /// <summary>The log hangs, or goes on again: heartbeats are no sign of life meanwhile (L1).</summary>
    public void LogHangs(bool hangs) => _logHangs = hangs;

    public List<(NodeId Peer, Heartbeat Heartbeat)> HeartbeatsDue()
    {
        var due = new List<(NodeId, Heartbeat)>();
        var others = OtherNodes().Where(n => n != self.Node).Order().ToArray();
        lock (_lock)
        {
            _otherNodes = others.Length;
            var strangers = Strangers(others);
            var noSignOfLife = CannotServe || IsUnanswered;
            foreach (var stranger in strangers) Lease(stranger);
            foreach (var (peer, lease) in _leases)
            {
                if (!HasBusinessWith(lease) && !strangers.Contains(peer)) continue;
                var number = lease.NextNumber(Now, UtcNow, givesLease: !noSignOfLife);
                var behind = BehindAt(peer);
                due.Add((peer, new Heartbeat
                {
                    Sender = self,
                    Number = number,
                    Store = store,
                    Resignations = lease.ToldWith(number),
                    IsNoSignOfLife = noSignOfLife,
                    Leaving = _leaving,
                    UtcNow = UtcNow,
                    Echo = lease.Echo,
                    Behind = behind.Length <= MostBehind ? behind : [],
                    AnyMayBeBehind = behind.Length > MostBehind,
                }));
            }
        }

        return due;
    }

    /// <summary>
    /// Did anybody answer a heartbeat that was sent within half a lease? What was only received proves nothing: a cut may let one direction pass. And not within
    /// a whole lease: when a cut comes between the last replies of two nodes, the lease of the one is over before the other's last reply is as old.
    /// </summary>
    public bool IsHeard
    {
        get
        {
            lock (_lock) return _leases.Values.Any(l => WasHeard(l, TellsWhetherHeard));
        }
    }

    /// <summary>
    /// What heartbeats tell of another node: for relays, which must not take a replica's silence for the silence of its silo.
    /// </summary>
    public Reach ReachOf(NodeId peer)
    {
        lock (_lock)
        {
            if (peer == self.Node) return Reach.Heard;
            if (!_leases.TryGetValue(peer, out var lease)) return Reach.Unknown;
            if (WasHeard(lease, times.LeaseDuration)) return Reach.Heard;
            return lease.AskedInVain(_wake.WokeAt, Now) is { } asked && Now - asked >= times.LeaseDuration ? Reach.Unheard : Reach.Unknown;
        }
    }

    /// <summary>
    /// Nobody is known to hear this node: when others do, it is cut off from what they send, and from its callers perhaps. Its heartbeats
    /// keep nobody from taking over then, and give no lease. Who has just started or woken has not had the time to be answered.
    /// </summary>
    private bool IsUnanswered => !IsHeard && Now - Latest(_started, _wake.WokeAt) > TellsWhetherHeard;

    private TimeSpan TellsWhetherHeard => times.LeaseDuration / 2;

    /// <summary>No other node is known but one at most: nobody can tell which of the two is cut off.</summary>
    public bool KnowsOneOtherAtMost
    {
        get
        {
            lock (_lock) return _otherNodes <= 1;
        }
    }

    /// <summary>
    /// When a silent slave, if it lives, has had its wait to take over: by then it competes (L4). What it hears in vain counts for it
    /// until this node knows that nobody answers, whoever answered last.
    /// </summary>
    public TimeSpan HadItsWait(NodeId slave, TimeSpan since)
    {
        lock (_lock)
        {
            var lease = Lease(slave);
            return Latest(_leases.Values.Max(l => l.AnsweredAt), since, _wake.WokeAt) + ((lease.PromotionWait ?? times.PromotionWait) * (1.02 / 0.98)) + TellsWhetherHeard;
        }
    }

    public void OnHeartbeatReply(NodeId peer, HeartbeatReply reply)
    {
        IReplicaListener[] told = [];
        IReplicaListener[] asked = [];
        lock (_lock)
        {
            var lease = Lease(peer);
            lease.Trouble = null;
            if (reply.StartedAnew.Length > 0) asked = [.. lease.Listeners.Where(l => reply.StartedAnew.Contains(l.Group))];
            if (lease.OnReply(reply, Now) || lease.WasValid != lease.IsValid(Now, UtcNow))
            {
                lease.WasValid = lease.IsValid(Now, UtcNow);
                told = Unsettled(lease);
            }
        }

        foreach (var listener in told) listener.PeerChanged();
        foreach (var listener in asked) listener.SlaveStartedAnew(peer);
    }

    private static TimeSpan Latest(params ReadOnlySpan<TimeSpan> times)
    {
        var latest = times[0];
        foreach (var time in times)
            if (time > latest) latest = time;
        return latest;
    }

    private static bool HasBusinessWith(PeerLease lease) => lease.Listeners.Count > 0 || lease.HasResignations;

    /// <summary>A few nodes without shared groups: those that follow this one in the order of all, so that each is somebody's.</summary>
    private NodeId[] Strangers(NodeId[] others) =>
    [
        .. others.Where(n => n.CompareTo(self.Node) > 0).Concat(others.Where(n => n.CompareTo(self.Node) < 0))
            .Where(n => !_leases.TryGetValue(n, out var lease) || !HasBusinessWith(lease))
            .Take(MostStrangers),
    ];
}
