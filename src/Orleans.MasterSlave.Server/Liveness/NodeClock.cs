using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Liveness;

/// <summary>The clocks of this silo. Thread-safe.</summary>
internal sealed class NodeClock(TimeProvider time) : IGroupClock
{
    private long _correctionTicks;

    public TimeSpan Now => time.GetElapsedTime(0);

    public DateTime UtcNow => time.GetUtcNow().UtcDateTime + TimeSpan.FromTicks(Volatile.Read(ref _correctionTicks));

    /// <summary>Takes in how far the clocks of the peers are from this one. What is made of it: <see cref="ClockCheck.Doubt"/>.</summary>
    public TimeSpan? Compare(IReadOnlyList<TimeSpan> offsets)
    {
        Volatile.Write(ref _correctionTicks, ClockCheck.Correction(offsets).Ticks);
        return ClockCheck.Doubt(offsets);
    }
}
