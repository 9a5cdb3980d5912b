namespace Orleans.MasterSlave.Simulated.World;

/// <summary>What every part of a run shares: the scheduler, the trace, the dice.</summary>
internal sealed class SimWorld
{
    public SimWorld(ulong seed, bool keepTrace, bool? firstComeFirstServed = null)
    {
        Random = new SimRandom(seed);
        Trace = new SimTrace(keepTrace);
        var fifo = Random.Chance(0.5);
        Scheduler = new SimScheduler(firstComeFirstServed ?? fifo ? null : Random.Fork());
        Time = new VirtualTime(Scheduler.World, 1, 0, () => TimeSpan.Zero);
    }

    public SimScheduler Scheduler { get; }
    public SimTrace Trace { get; }
    public SimRandom Random { get; }

    /// <summary>The true time: of clients, network, disks and store.</summary>
    public TimeProvider Time { get; }
    public TimeSpan Now => TimeSpan.FromTicks(Scheduler.Now);

    public void After(TimeSpan delay, Action action)
    {
        var timer = new SimTimer(Scheduler.World, action, 1);
        timer.Change(delay, Timeout.InfiniteTimeSpan);
    }

    public Task Delay(TimeSpan delay) => Task.Delay(delay, Time);

    public void Note(string what, long a = 0, long b = 0, long c = 0, object? detail = null) => Trace.Add(Scheduler.Now, what, a, b, c, detail);

    public void Count(string what) => Trace.Count(what);

    public void Require(bool holds, Func<string> rule)
    {
        if (!holds) throw new SimulationException($"At {Now.TotalSeconds:F4} s: {rule()}");
    }
}
