namespace Orleans.MasterSlave.Liveness;

/// <summary>
/// Notices that this process was paused, its machine suspended, or its wall clock set: who wakes asks before it judges, because it was itself that heard nobody
/// (L8). Guarded by the lock of the owning <see cref="NodeLiveness"/>.
/// </summary>
/// <param name="lease">For so long after waking nobody's silence counts: heartbeats that are sent now have that time to be answered.</param>
/// <param name="now">The monotonic clock.</param>
/// <param name="utcNow">The wall clock: the monotonic one may stand still while a machine is suspended.</param>
internal sealed class WakeWatch(TimeSpan lease, TimeSpan now, DateTime utcNow)
{
    private const int MostLeases = 4; // asked on end at most
    private TimeSpan _looked = now;
    private DateTime _lookedUtc = utcNow;
    private TimeSpan _asksSince = TimeSpan.Zero;
    private TimeSpan _asksUntil = TimeSpan.Zero;

    /// <summary>When this process woke up last, as far as was noticed; <see cref="TimeSpan.MinValue"/>: it did not sleep yet.</summary>
    public TimeSpan WokeAt { get; private set; } = TimeSpan.MinValue;

    /// <summary>To be called some times in each heartbeat interval. True: it slept since the last time.</summary>
    public bool Look(TimeSpan now, DateTime utcNow)
    {
        var slept = Slept(now, utcNow);
        if (slept) WakeUp(now);
        (_looked, _lookedUtc) = (now, utcNow);
        return slept;
    }

    /// <summary>Silence of others may be judged by.</summary>
    public bool MayJudge(TimeSpan now, DateTime utcNow) => now >= _asksUntil && !Slept(now, utcNow);

    /// <summary>A process that is paused again and again, or whose wall clock is set all the time, judges in the end: others wait for it.</summary>
    private void WakeUp(TimeSpan now)
    {
        WokeAt = now;
        if (now >= _asksUntil + lease) _asksSince = now;
        var longest = _asksSince + (lease * MostLeases);
        _asksUntil = now + lease < longest ? now + lease : longest;
    }

    private bool Slept(TimeSpan now, DateTime utcNow)
    {
        var passed = now - _looked;
        return passed > lease / 2 || (utcNow - _lookedUtc - passed).Duration() > lease / 2;
    }
}
