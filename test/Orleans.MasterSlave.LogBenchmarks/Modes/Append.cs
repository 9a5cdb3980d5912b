using System.Diagnostics;
using System.Globalization;
using Orleans.MasterSlave.Benchmarks.Measuring;
using Orleans.MasterSlave.Benchmarks.Report;
using Orleans.MasterSlave.LogBenchmarks.Contenders;
using Spectre.Console;

namespace Orleans.MasterSlave.LogBenchmarks.Modes;

/// <summary>All contenders in turn in each round, another one first each time; each on a fresh log.</summary>
internal static class Append
{
    private const int PayloadBytes = 128;
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(500);

    private sealed record Line(string Name, int Writers, Func<string, IContender> Open)
    {
        public Rounds Rounds { get; } = new();
    }

    public static async Task RunAsync(LogBenchmarkOptions options, string folder)
    {
        var payload = new byte[PayloadBytes];
        new Random(1).NextBytes(payload);
        var contests = options.Writers.Select(writers => Contenders(writers, payload)).ToArray();
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var lines in contests)
            {
                for (var i = 0; i < lines.Count; i++) await MeasureAsync(lines[(i + round) % lines.Count], options, folder);
            }
        }

        Report(contests);
    }

    private static List<Line> Contenders(int writers, byte[] payload)
    {
        List<Line> lines =
        [
            new("silo log, a group each", writers, path => new SiloLog(path, writers, oneGroup: false, payload)),
            new("FasterLog, fast commit", writers, path => new FasterLogContender(path, fastCommit: true, payload)),
            new("FasterLog, default commit", writers, path => new FasterLogContender(path, fastCommit: false, payload)),
        ];
        lines.Add(writers == 1
            ? new("plain write and fdatasync", 1, path => new PlainFile(path, payload))
            : new("silo log, one group", writers, path => new SiloLog(path, writers, oneGroup: true, payload)));
        return lines;
    }

    private static async Task MeasureAsync(Line line, LogBenchmarkOptions options, string folder)
    {
        var path = Path.Combine(folder, "log");
        GC.Collect();
        await using (var contender = line.Open(path))
        {
            var started = Stopwatch.GetTimestamp();
            var from = started + (long)(WarmUp.TotalSeconds * Stopwatch.Frequency);
            var to = from + (long)(options.Seconds * Stopwatch.Frequency);
            var writers = await Task.WhenAll(Enumerable.Range(0, line.Writers).Select(writer => Task.Run(() => WriteAsync(contender, writer, from, to))));
            var all = new LatencyHistogram();
            foreach (var latencies in writers) all.Add(latencies);
            line.Rounds.Add(new Sample(all.Count / options.Seconds, all, 0, null));
        }

        Directory.Delete(path, recursive: true);
    }

    private static async Task<LatencyHistogram> WriteAsync(IContender contender, int writer, long from, long to)
    {
        var latencies = new LatencyHistogram();
        for (var before = Stopwatch.GetTimestamp(); before < to;)
        {
            await contender.AppendAsync(writer);
            var after = Stopwatch.GetTimestamp();
            if (before >= from && after <= to) latencies.Add(after - before);
            before = after;
        }

        return latencies;
    }

    private static void Report(IEnumerable<List<Line>> contests)
    {
        var table = new ReportTable($"Appends of {PayloadBytes} bytes, each awaited until durable", "writers", "log", "per second", "slowest – fastest round", "p50 ms", "p99 ms", "silo log ÷ this");
        foreach (var lines in contests)
        {
            foreach (var line in lines)
            {
                var rounds = line.Rounds;
                table.Add(
                    $"{line.Writers:N0}", line.Name, $"{rounds.PerSecond:N0}", $"{rounds.Slowest:N0} – {rounds.Fastest:N0}",
                    Text(rounds.Milliseconds(0.5)), Text(rounds.Milliseconds(0.99)), line == lines[0] ? "" : Text(lines[0].Rounds.RatioTo(rounds)));
            }
        }

        AnsiConsole.Write(table.ToScreen());
        Console.WriteLine(table.ToMarkdown());
    }

    private static string Text(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
