namespace Orleans.MasterSlave.Benchmarks.Measuring;

/// <summary>All rounds of one contender under one load. Rates are medians of the rounds; latencies are those of all rounds together.</summary>
internal sealed class Rounds
{
    private readonly List<Sample> _samples = [];
    private readonly LatencyHistogram _latencies = new();

    public double PerSecond => Median(_samples.Select(s => s.PerSecond));
    public double Slowest => _samples.Min(s => s.PerSecond);
    public double Fastest => _samples.Max(s => s.PerSecond);
    public long Failed => _samples.Sum(s => s.Failed);
    public Exception? Error => _samples.Select(s => s.Error).FirstOrDefault(e => e is not null);

    public void Add(Sample sample)
    {
        _samples.Add(sample);
        _latencies.Add(sample.Latencies);
    }

    public double Milliseconds(double quantile) => _latencies.Quantile(quantile).TotalMilliseconds;

    /// <returns>The median of the rounds' ratios: what both had to bear in a round counts for both.</returns>
    public double RatioTo(Rounds other) => Median(_samples.Zip(other._samples, (mine, its) => mine.PerSecond / its.PerSecond));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
