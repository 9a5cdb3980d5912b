namespace Orleans.MasterSlave.Benchmarks.Measuring;

/// <summary>What one contender did in one round.</summary>
/// <param name="PerSecond">Calls answered in the measured time, by the second.</param>
/// <param name="Latencies">Of every call that was answered after the warm-up.</param>
/// <param name="Failed">Calls that threw, warm-up included.</param>
/// <param name="Error">What one of them threw.</param>
internal sealed record Sample(double PerSecond, LatencyHistogram Latencies, long Failed, Exception? Error);
