namespace Orleans.MasterSlave.Simulated.World;

/// <summary>The clock of one node, as its processes see it: its own zero, its own rate, its own wall clock, timers in its own lane.</summary>
/// <param name="rate">How much faster than the world's this clock runs: 0.99 to 1.01.</param>
/// <param name="zero">What the monotonic clock showed when the world began, in ticks.</param>
/// <param name="wall">How far the wall clock is off now.</param>
internal sealed class VirtualTime(SimLane lane, double rate, long zero, Func<TimeSpan> wall) : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    public override long GetTimestamp() => zero + Elapsed;
    public override DateTimeOffset GetUtcNow() => Epoch + wall() + TimeSpan.FromTicks(Elapsed);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(lane, () => callback(state), rate);
        timer.Change(dueTime, period);
        return timer;
    }

    private long Elapsed => (long)(lane.Scheduler.Now * rate);
}

/// <summary>A timer on the world's time line; its callback runs in the lane of its owner.</summary>
internal sealed class SimTimer(SimLane lane, Action callback, double rate) : ITimer
{
    private long _version;
    private TimeSpan _period;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        _version++;
        _period = period;
        if (dueTime >= TimeSpan.Zero) Schedule(dueTime);
        return true;
    }

    public void Fire(long version)
    {
        if (version != _version || lane.IsDead) return;
        if (_period > TimeSpan.Zero) Schedule(_period);
        else _version++;
        lane.Post(callback);
    }

    public void Dispose() => _version++;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    private void Schedule(TimeSpan after) =>
        lane.Scheduler.Schedule(this, _version, lane.Scheduler.Now + (long)Math.Ceiling(after.Ticks / rate));
}
