using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Replicas;

/// <summary>
/// The two times that a mastership gives its entries. <em>Group time</em> is what operations see as <c>UtcNow</c>: a wall clock's, and it never goes back
/// within a mastership (W9). <em>Session time</em> counts how long the group has been in service, by monotonic clocks only (W1).
/// </summary>
internal sealed class EntryClock(IGroupClock clock, TimeSpan lastSessionTime, Func<DateTime> lastTimeUtc)
{
    /// <summary>Group time may be so far ahead of the clocks before it is set back: a step of that size by hand or by a time service is no accident.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);

    /// <summary>The most that one entry adds to session time, whatever a clock says.</summary>
    private static readonly TimeSpan MostPerEntry = TimeSpan.FromHours(1);

    private TimeSpan _sessionTime = lastSessionTime;
    private TimeSpan _stampedAt = clock.Now;

    /// <summary>Group time is ahead of the clocks, and stands still: only another mastership sets it back.</summary>
    public bool IsFarAhead => lastTimeUtc() - clock.UtcNow > Tolerance;

    /// <summary>How far the barrier sets group time back; zero: not at all.</summary>
    public TimeSpan SetBack { get; private set; }

    /// <summary>
    /// The barrier's group time: the only one that may be before that of the entry before. Else a master whose clock was years ahead for a moment would
    /// stop the group's time for years.
    /// </summary>
    public DateTime BarrierTimeUtc()
    {
        if (!IsFarAhead) return NextTimeUtc();
        SetBack = lastTimeUtc() - clock.UtcNow;
        return clock.UtcNow;
    }

    public DateTime NextTimeUtc() => clock.UtcNow is var now && now > lastTimeUtc() ? now : lastTimeUtc();

    /// <summary>Session time as it would be at an entry made now.</summary>
    public TimeSpan SessionTime
    {
        get
        {
            var passed = clock.Now - _stampedAt;
            return _sessionTime + (passed < MostPerEntry ? passed : MostPerEntry);
        }
    }

    /// <summary>An entry got this session time.</summary>
    public void Stamped(TimeSpan sessionTime) => (_sessionTime, _stampedAt) = (sessionTime, clock.Now);
}

/// <summary>The clocks of a silo as a mastership sees them.</summary>
internal interface IGroupClock
{
    /// <summary>Monotonic.</summary>
    TimeSpan Now { get; }

    /// <summary>The wall clock; that of most other silos when this silo's is far from them.</summary>
    DateTime UtcNow { get; }
}
