using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Liveness;

/// <summary>
/// The master's side of the leases from one slave silo (L2, L3). All fields are guarded by the lock of the owning
/// <see cref="NodeLiveness"/>.
/// </summary>
internal sealed class PeerLease(LivenessTimes times)
{
    private readonly Dictionary<GroupId, (Resignation Resignation, long FirstToldWith)> _resignations = [];
    private readonly SortedDictionary<long, (TimeSpan Sent, DateTime SentUtc, bool GivesLease)> _sent = [];
    private long _lastNumber;
    private TimeSpan _until = TimeSpan.MinValue;
    private DateTime _untilUtc;
    private long _leavingLife;

    /// <summary>How many groups of this node have a replica over there: heartbeats go while there is one.</summary>
    public List<IReplicaListener> Listeners { get; } = [];
    public LeaseSession Session { get; private set; }
    public long ReplierStartCount { get; private set; }

    /// <summary>The newest moment of the slave's process that is known here.</summary>
    public HeartbeatEcho? Echo { get; private set; }

    /// <summary>Why the last heartbeat was not answered; null: it was, or nothing came back.</summary>
    public string? Trouble { get; set; }

    /// <summary>Was the lease valid at the last tick: a change is told to the groups.</summary>
    public bool WasValid { get; set; }

    public bool HasResignations => _resignations.Count > 0;

    /// <summary>To be told until it is acknowledged. A later one says of the group what an earlier one said, so one is kept for each.</summary>
    public void Resign(Resignation resignation) => _resignations[resignation.Group] = (resignation, 0);

    /// <summary>What the heartbeat of that number tells of masterships that were given up.</summary>
    public Resignation[] ToldWith(long number)
    {
        foreach (var (group, (resignation, first)) in _resignations)
            if (first == 0) _resignations[group] = (resignation, number);
        return [.. _resignations.Values.Select(r => r.Resignation)];
    }

    private void Heard(long number)
    {
        foreach (var (group, (_, first)) in _resignations)
            if (first > 0 && first <= number) _resignations.Remove(group);
    }

    /// <summary>Numbers a heartbeat. One that is no sign of life gives no lease when it is answered.</summary>
    public long NextNumber(TimeSpan now, DateTime utcNow, bool givesLease)
    {
        var number = ++_lastNumber;
        _sent[number] = (now, utcNow, givesLease);
        while (_sent.Count > 64) _sent.Remove(_sent.First().Key);
        return number;
    }

    /// <summary>The slave's process stops in order.</summary>
    public bool IsLeaving => _leavingLife > 0 && _leavingLife >= ReplierStartCount;

    /// <summary>That life said that it stops. True: news.</summary>
    public bool Leaves(long life)
    {
        if (life <= _leavingLife || life < ReplierStartCount) return false;
        _leavingLife = life;
        return true;
    }

    /// <summary>The slave's wait, as it last told.</summary>
    public TimeSpan? PromotionWait { get; private set; }

    /// <summary>How long the last answered heartbeat and its reply took together; null: none was answered.</summary>
    public TimeSpan? RoundTrip { get; private set; }

    /// <summary>The slave's wall clock minus the own one, when it last answered.</summary>
    public TimeSpan ClockOffset { get; private set; }

    /// <summary>
    /// When the newest heartbeat that was answered was sent, by the own clock; <see cref="TimeSpan.MinValue"/>: none was.
    /// </summary>
    public TimeSpan AnsweredHeartbeatSent { get; private set; } = TimeSpan.MinValue;

    /// <summary>
    /// When the first heartbeat was sent that is still without an answer, of those after the last one that was answered and not before
    /// <paramref name="since"/>; null: there is none, or no
    /// heartbeat was sent of late.
    /// </summary>
    public TimeSpan? AskedInVain(TimeSpan since, TimeSpan now)
    {
        if (_sent.Count == 0 || now - _sent.Values.Last().Sent > times.LeaseDuration) return null;
        foreach (var (sent, _, _) in _sent.Values)
        {
            if (sent > AnsweredHeartbeatSent && sent >= since) return sent;
        }

        return null;
    }

    /// <summary>When that answer came, by the own clock; <see cref="TimeSpan.MinValue"/>: none came.</summary>
    public TimeSpan AnsweredAt { get; private set; } = TimeSpan.MinValue;

    /// <summary>
    /// A reply counts from the moment its heartbeat was sent, and only for the newest session of the newest life. True: something
    /// changed.
    /// </summary>
    public bool OnReply(HeartbeatReply reply, TimeSpan now)
    {
        if (reply.Replier.StartCount < ReplierStartCount || reply.Session.CompareTo(Session) < 0) return false;
        var changed = reply.Session != Session;
        if (changed)
        {
            Session = reply.Session;
            _until = TimeSpan.MinValue;
        }

        ReplierStartCount = reply.Replier.StartCount;
        changed |= reply.Leaving && Leaves(reply.Replier.StartCount);
        if (Echo is not { } echo || echo.StartCount < reply.Replier.StartCount || echo.Now < reply.Now) Echo = new HeartbeatEcho(reply.Replier.StartCount, reply.Now);
        Heard(reply.Number);
        if (!_sent.TryGetValue(reply.Number, out var sent)) return changed;
        Learn(reply, sent.Sent, sent.SentUtc, now);
        if (!sent.GivesLease) return changed;
        var length = reply.GrantedLease < times.LeaseDuration ? reply.GrantedLease : times.LeaseDuration;
        if (sent.Sent + length > _until)
        {
            _until = sent.Sent + length;
            _untilUtc = sent.SentUtc + length;
        }

        return changed;
    }

    private void Learn(HeartbeatReply reply, TimeSpan sent, DateTime sentUtc, TimeSpan now)
    {
        if (sent <= AnsweredHeartbeatSent) return; // a doubled reply, or one that was overtaken
        AnsweredHeartbeatSent = sent;
        AnsweredAt = now;
        PromotionWait = reply.PromotionWait;
        RoundTrip = now - sent;
        ClockOffset = reply.UtcNow - (sentUtc + RoundTrip.Value / 2);
    }

    /// <summary>Also the wall clock ends a lease: monotonic clocks stand still while a machine is suspended.</summary>
    public bool IsValid(TimeSpan now, DateTime utcNow) => now < _until && utcNow < _untilUtc;

    public TimeSpan Until => _until;
}
