using System.Diagnostics;
using System.Numerics;

namespace Orleans.MasterSlave.Benchmarks.Measuring;

/// <summary>
/// Counts durations in buckets, 64 for each power of two: at most 1.6 % off, from nanoseconds to centuries, nothing allocated for a sample. Not for several
/// threads at once.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int PrecisionBits = 6;

    private readonly long[] _buckets = new long[(64 - PrecisionBits) * (1 << PrecisionBits) + (1 << PrecisionBits)];

    public long Count { get; private set; }

    /// <param name="elapsed">In ticks of <see cref="Stopwatch"/>.</param>
    public void Add(long elapsed)
    {
        _buckets[BucketOf((ulong)elapsed)]++;
        Count++;
    }

    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _buckets.Length; i++) _buckets[i] += other._buckets[i];
        Count += other.Count;
    }

    /// <returns>The duration that this part of all samples did not exceed; zero when there are none.</returns>
    public TimeSpan Quantile(double part)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(part * Count));
        for (var i = 0; i < _buckets.Length; i++)
        {
            rank -= _buckets[i];
            if (rank <= 0 && Count > 0) return Stopwatch.GetElapsedTime(0, MiddleOf(i));
        }

        return TimeSpan.Zero;
    }

    private static int BucketOf(ulong value)
    {
        var shift = Math.Max(0, BitOperations.Log2(value) - PrecisionBits);
        return (shift << PrecisionBits) + (int)(value >> shift);
    }

    private static long MiddleOf(int bucket)
    {
        var shift = Math.Max(0, (bucket >> PrecisionBits) - 1);
        var low = (long)(bucket - (shift << PrecisionBits)) << shift;
        return low + (1L << shift) / 2;
    }
}
