namespace Bank.Load;

/// <summary>Counts calls for the screen. Written by all callers.</summary>
internal sealed class CallStatistics
{
    private readonly Lock _lock = new();
    private List<double> _latencies = [];
    private (TimeSpan Took, string What) _longest = (TimeSpan.Zero, "");
    private long _acknowledged;
    private long _failed;
    private string? _firstFailure;

    public long Acknowledged => Interlocked.Read(ref _acknowledged);
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>What the first failed call said: one is enough to know where to look.</summary>
    public string? FirstFailure => Volatile.Read(ref _firstFailure);

    public void Succeeded(string what, TimeSpan latency)
    {
        Interlocked.Increment(ref _acknowledged);
        lock (_lock)
        {
            _latencies.Add(latency.TotalMilliseconds);
            if (latency > _longest.Took) _longest = (latency, what);
        }
    }

    /// <summary>The answered call that took longest since this was last asked.</summary>
    public (TimeSpan Took, string What) TakeLongest()
    {
        lock (_lock)
        {
            var taken = _longest;
            _longest = (TimeSpan.Zero, "");
            return taken;
        }
    }

    public void FailedWith(string what, Exception error)
    {
        Interlocked.Increment(ref _failed);
        Interlocked.CompareExchange(ref _firstFailure, $"{what}: {error.GetType().Name}: {FirstLine(error.Message)}", null);
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].TrimEnd();

    /// <summary>Median and maximum since this was last asked, in milliseconds; zeros when no call ended.</summary>
    public (double MedianMs, double MaxMs) TakeLatencies()
    {
        List<double> taken;
        lock (_lock) (taken, _latencies) = (_latencies, []);
        if (taken.Count == 0) return default;
        taken.Sort();
        return (taken[taken.Count / 2], taken[^1]);
    }
}
