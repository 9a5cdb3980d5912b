using System.Diagnostics;

namespace Orleans.MasterSlave.Benchmarks.Measuring;

/// <summary>Callers that call again as soon as they have an answer, for a time.</summary>
internal sealed class ClosedLoop
{
    private readonly long _begin; // of the measured time, in ticks of Stopwatch
    private readonly long _end;

    private ClosedLoop(TimeSpan warmUp, TimeSpan duration)
    {
        _begin = Stopwatch.GetTimestamp() + Ticks(warmUp);
        _end = _begin + Ticks(duration);
    }

    /// <param name="calls">One for each caller.</param>
    /// <param name="warmUp">Calls are made as later, and not counted.</param>
    /// <param name="duration">The measured time.</param>
    public static async Task<Sample> RunAsync(IReadOnlyList<Func<Task>> calls, TimeSpan warmUp, TimeSpan duration)
    {
        var loop = new ClosedLoop(warmUp, duration);
        var callers = await Task.WhenAll(calls.Select(call => Task.Run(() => loop.CallAsync(call))));
        var latencies = new LatencyHistogram();
        foreach (var caller in callers) latencies.Add(caller.Latencies);
        return new Sample(
            callers.Sum(c => c.Answered) / duration.TotalSeconds,
            latencies,
            callers.Sum(c => c.Failed),
            callers.Select(c => c.Error).FirstOrDefault(e => e is not null));
    }

    private async Task<Caller> CallAsync(Func<Task> call)
    {
        var caller = new Caller();
        long start;
        while ((start = Stopwatch.GetTimestamp()) < _end)
        {
            try
            {
                await call();
            }
            catch (Exception error)
            {
                caller.Failed++;
                caller.Error = error;
                continue;
            }

            var now = Stopwatch.GetTimestamp();
            if (now < _begin) continue;
            caller.Latencies.Add(now - start); // also the last one, which may be the slow one
            if (now < _end) caller.Answered++;
        }

        return caller;
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private sealed class Caller
    {
        public LatencyHistogram Latencies { get; } = new();
        public long Answered { get; set; }
        public long Failed { get; set; }
        public Exception? Error { get; set; }
    }
}
