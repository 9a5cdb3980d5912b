using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Liveness;

/// <content>The slave's side: heartbeats in, whom this process follows, and patience.</content>
internal sealed partial class NodeLiveness
{
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

    /// <summary>Where the log of the master of that epoch ended, by its own word when it gave up; null: it has not said so.</summary>
    public LogPosition? EndOf(GroupId group, GroupBirth birth, Epoch epoch)
    {
        lock (_lock) return _followed.EndOf(group, birth, epoch);
    }

    /// <summary>The newest epoch of the group that its master is known to have given up (L6).</summary>
    public Epoch ResignedEpoch(GroupId group, GroupBirth birth)
    {
        lock (_lock) return _followed.ResignedEpoch(group, birth);
    }

    /// <summary>Some master elsewhere has a slave here in sync, as far as it has told.</summary>
    public bool HasSlavesInSync
    {
        get
        {
            lock (_lock) return _followed.AnyInSyncUnder(m => m != self.Node);
        }
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
        IReplicaListener[] left = [];
        HeartbeatReply? reply = null;
        TimeSpan? gap = null;
        lock (_lock)
        {
            if (heartbeat.Store != store) throw new InvalidOperationException($"Heartbeat of {heartbeat.Sender} is of store {heartbeat.Store}, this node's is {store}.");
            var watch = WatchOf(heartbeat.Sender.Node);
            foreach (var resignation in heartbeat.Resignations)
            {
                if (_followed.Resigned(resignation) is { } listener) resigned.Add((listener, resignation.Epoch));
            }

            if (heartbeat.Leaving && _leases.TryGetValue(heartbeat.Sender.Node, out var lease) && lease.Leaves(heartbeat.Sender.StartCount)) left = [.. lease.Listeners];
            var newLife = heartbeat.Sender.StartCount > watch.Life;
            if (!heartbeat.IsNoSignOfLife && heartbeat.Sender.StartCount == watch.Life) gap = Now - watch.LastHeard(watch.Life);
            if (heartbeat.IsNoSignOfLife || watch.OnHeard(heartbeat.Sender.StartCount, Now))
            {
                reply = new HeartbeatReply
                {
                    Replier = self,
                    Number = heartbeat.Number,
                    Session = watch.Session,
                    Leaving = _leaving,
                    Now = Now,
                    StartedAnew = _followed.StartedAnewUnder(heartbeat.Sender.Node, MostStartedAnew),
                    GrantedLease = times.GrantedLease,
                    PromotionWait = times.PromotionWait,
                    UtcNow = UtcNow,
                };
                watch.OnFreshness(heartbeat, Now);
                if (newLife || watch.WasSilent) told = [.. watch.Listeners];
                watch.WasSilent = watch.WasSilent && heartbeat.IsNoSignOfLife;
            }
        }

        if (gap is { } span) HeardAfter?.Invoke(span);
        foreach (var (listener, epoch) in resigned) listener.MasterResigned(epoch);
        foreach (var listener in told) listener.PeerChanged();
        foreach (var listener in left) listener.PeerChanged();
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
            if (!IsOver(master, life, since)) return false;
            WatchOf(master).ChangeSession();
            return true;
        }
    }

    /// <summary>
    /// Is a wait over that began at <paramref name="since"/>, and anew whenever that life of the master was heard (L4)? A lease may also go back to an earlier life
    /// of this process.
    /// </summary>
    public bool IsPatienceOver(NodeId master, long life, TimeSpan since)
    {
        lock (_lock) return IsOver(master, life, since);
    }
}
