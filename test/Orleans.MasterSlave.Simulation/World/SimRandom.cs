namespace Orleans.MasterSlave.Simulated.World;

/// <summary>A small generator of its own (SplitMix64), so that a seed means the same for ever, whatever the runtime.</summary>
internal sealed class SimRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 up to, not including, <paramref name="bound"/>.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));
    public bool Chance(double probability) => probability > 0 && Unit() < probability;
    public double Between(double from, double to) => from + (Unit() * (to - from));
    public T Pick<T>(IReadOnlyList<T> from) => from[Below(from.Count)];
    public TimeSpan Milliseconds(double from, double to) => TimeSpan.FromTicks((long)(Between(from, to) * TimeSpan.TicksPerMillisecond));

    /// <summary>A generator of its own for one part, so that what one part draws does not shift what the others draw.</summary>
    public SimRandom Fork() => new(Next());
}
