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

    /// <summary>For each peer that was heard within a lease: its wall clock minus this node's, as of its last reply, by half the round trip.</summary>
    public IReadOnlyList<TimeSpan> PeerClockOffsets
    {
        get
        {
            lock (_lock) return [.. _leases.Values.Where(l => WasHeard(l, times.LeaseDuration)).Select(l => l.ClockOffset)];
        }
    }

    /// <summary>How long a slave's silo waits for a silent master, as it last told; its own where it has not.</summary>
    public TimeSpan PromotionWaitOf(NodeId slave)
    {
        lock (_lock) return Lease(slave).PromotionWait ?? times.PromotionWait;
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
                    UtcNow = UtcNow,
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
            if (lease.OnReply(reply, Now) || lease.WasValid != lease.IsValid(Now, UtcNow))
            {
                lease.WasValid = lease.IsValid(Now, UtcNow);
                told = [.. lease.Listeners];
            }
        }

        foreach (var listener in told) listener.PeerChanged();
        foreach (var listener in asked) listener.SlaveStartedAnew(peer);
    }
}
