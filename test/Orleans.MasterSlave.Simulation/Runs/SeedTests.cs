using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Runs;

/// <summary>
/// Many runs, each from its own seed. MASTERSLAVE_SEEDS: how many; MASTERSLAVE_SEED: the first (one alone is printed as a transcript);
/// MASTERSLAVE_STOP_AT_FIRST: none is begun after one has failed.
/// </summary>
public sealed class SeedTests(ITestOutputHelper output)
{
    private static readonly string[] MustHappen =
    [
        "crash", "crash of all", "pause", "partition", "one-way partition", "store outage", "disk stall", "disk failure", "message lost", "message late",
        "message doubled", "torn tail", "failover", "retake", "shrunk", "grown", "entered", "orphaned", "snapshot installed", "swap with unknown outcome",
        "swap landed late", "stepped down", "data loss possible", "acknowledged, lost and saved as orphan", "master read", "token read",
        "replica ended", "replicas blocked", "snapshot failed", "read error", "disk full for Entries", "disk full for Files", "disk full for Marks",
        "node copied", "start refused", "node row watched", "node lease lapsed", "node lease held again",
    ];

    [Fact]
    public void Seeds_1000()
    {
        var count = Setting("MASTERSLAVE_SEEDS", 1_000);
        var first = Setting("MASTERSLAVE_SEED", 1);
        var results = new ConcurrentBag<SimulationResult>();
        RunAll(first, count, results);
        var totals = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (what, times) in results.SelectMany(r => r.Counts)) totals[what] = totals.GetValueOrDefault(what) + times;
        foreach (var (what, times) in totals) output.WriteLine($"{times,10} {what}");
        var failures = results.Where(r => r.Failure is not null).OrderBy(r => r.Seed).ToList();
        Assert.True(failures.Count == 0, Describe(failures, results.Count));
        if (count >= 1_000) Assert.All(MustHappen, what => Assert.True(totals.ContainsKey(what), $"'{what}' never happened"));
    }

    [Fact]
    public void Run_OfTheSameSeedTwice_TakesTheSameWay()
    {
        for (ulong seed = 1; seed <= 6; seed++) Assert.Equal(Simulation.Run(seed).TraceHash, Simulation.Run(seed).TraceHash);
    }

    private static void RunAll(long first, long count, ConcurrentBag<SimulationResult> results)
    {
        var next = first - 1;
        var failed = false;
        var stopAtFirst = Setting("MASTERSLAVE_STOP_AT_FIRST", 0) != 0;
        var threads = Enumerable.Range(0, Math.Min(Environment.ProcessorCount, (int)count)).Select(_ => new Thread(() =>
        {
            for (long seed; !(stopAtFirst && Volatile.Read(ref failed)) && (seed = Interlocked.Increment(ref next)) < first + count;)
            {
                var result = Simulation.Run((ulong)seed, SimulationOptions.Drawn((ulong)seed, keepTrace: count == 1));
                results.Add(result);
                if (result.Failure is not null) Volatile.Write(ref failed, true);
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
    }

    private static string Describe(List<SimulationResult> failures, int run)
    {
        var text = new StringBuilder($"{failures.Count} seeds fail. It fails after {run} seeds. Replay one, with its transcript: MASTERSLAVE_SEEDS=1 MASTERSLAVE_SEED=<seed> and this test.\n");
        foreach (var failure in failures.Take(20)) text.AppendLine(CultureInfo.InvariantCulture, $"seed {failure.Seed}: {failure.Failure}");
        foreach (var line in failures.SelectMany(f => f.Trace)) text.AppendLine(line);
        return text.ToString();
    }

    private static long Setting(string name, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
