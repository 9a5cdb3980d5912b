using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Liveness;

/// <summary>
/// The slave's side: what this node has heard from one master silo, and the lease session it gives it (L3, L4). Guarded by the lock of the
/// owning <see cref="NodeLiveness"/>.
/// </summary>
internal sealed class MasterWatch(long ownStartCount)
{
    private const int MostHeartbeats = 128;
    private readonly SortedDictionary<long, TimeSpan> _lastHeardByLife = [];
    private readonly Queue<HeardHeartbeat> _heard = new();

    public List<IReplicaListener> Listeners { get; } = [];
    public LeaseSession Session { get; private set; } = new(ownStartCount, 1);
    public long Life => _lastHeardByLife.Count == 0 ? 0 : _lastHeardByLife.Last().Key;

    /// <summary>Was the master silent for the whole wait at the last tick: a change is told to the groups.</summary>
    public bool WasSilent { get; set; }

    /// <summary>False: from an older life than one already seen, to be ignored (I2).</summary>
    public bool OnHeard(long life, TimeSpan now)
    {
        if (life < Life) return false;
        _lastHeardByLife[life] = now;
        while (_lastHeardByLife.Count > 4) _lastHeardByLife.Remove(_lastHeardByLife.First().Key);
        return true;
    }

    /// <summary>Keeps what a heartbeat says of freshness. Without an echo nobody knows how old it is.</summary>
    public void OnFreshness(Heartbeat heartbeat, TimeSpan now)
    {
        if (heartbeat.IsNoSignOfLife || heartbeat.Echo is not { } echo || echo.StartCount != ownStartCount) return;
        _heard.Enqueue(new HeardHeartbeat(heartbeat.Sender.StartCount, now, echo.Now, heartbeat.AnyMayBeBehind ? null : [.. heartbeat.Behind]));
        if (_heard.Count > MostHeartbeats) _heard.Dequeue();
    }

    /// <summary>
    /// The latest moment of which that life of the master said that its slaves here hold what is stable, by heartbeats that were sent after
    /// <paramref name="sentAfter"/> and heard before <paramref name="heardBefore"/>; <see cref="TimeSpan.MinValue"/>: none (R2).
    /// </summary>
    public TimeSpan FreshAsOf(GroupId group, long life, TimeSpan sentAfter, TimeSpan heardBefore)
    {
        var asOf = TimeSpan.MinValue;
        foreach (var heartbeat in _heard)
        {
            if (heartbeat.Life != life || heartbeat.SentAfter < sentAfter || heartbeat.At >= heardBefore || heartbeat.Behind?.Contains(group) != false) continue;
            if (heartbeat.SentAfter > asOf) asOf = heartbeat.SentAfter;
        }

        return asOf;
    }

    public TimeSpan LastHeard(long life) => _lastHeardByLife.GetValueOrDefault(life, TimeSpan.MinValue);

    /// <summary>When a wait that began at <paramref name="since"/>, and anew whenever that life was heard, is over (L4).</summary>
    public TimeSpan PatienceEnds(long life, TimeSpan since, TimeSpan wait)
    {
        var heard = LastHeard(life);
        return (heard > since ? heard : since) + wait;
    }

    /// <summary>
    /// Begins to compete: from now on no lease given before counts. L3 asks for one change for each silence; a change at every decision to compete
    /// is as safe, costs one more confirmation for each group of the pair, and needs no notion of when a silence began.
    /// </summary>
    public void ChangeSession() => Session = Session with { Counter = Session.Counter + 1 };

    /// <param name="Life">The sender's.</param>
    /// <param name="At">When it came.</param>
    /// <param name="SentAfter">By the own clock: it was sent later than this.</param>
    /// <param name="Behind">Null: any group may be.</param>
    private sealed record HeardHeartbeat(long Life, TimeSpan At, TimeSpan SentAfter, HashSet<GroupId>? Behind);
}
