using System.Diagnostics;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.LogBenchmarks.Contenders;

namespace Orleans.MasterSlave.LogBenchmarks.Modes;

/// <summary>One snapshot of each of many groups, some at once, beside the same bytes written to one file: what a shared file set could reach at best.</summary>
internal static class Snapshots
{
    private const int BytesPerSync = 16 * 1024 * 1024;
    private const int AtOnce = 64; // of replicas that take one

    public static async Task RunAsync(LogBenchmarkOptions options, string folder)
    {
        var state = new byte[options.SnapshotBytes];
        Random.Shared.NextBytes(state);
        using var directory = LogDirectory.Open(Path.Combine(folder, "log"));
        await using var log = SiloLog.Open(directory);
        var replicas = Enumerable.Range(0, options.Groups).Select(i => log.OpenReplica(SiloLog.GroupOf(i))).ToArray();
        for (var round = 1; round <= options.Rounds; round++)
        {
            await Task.WhenAll(replicas.Select(replica => replica.AppendAsync([SiloLog.Entry(round, [])])));
            var started = Stopwatch.GetTimestamp();
            await Parallel.ForEachAsync(replicas, new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
                async (replica, _) => await replica.SaveSnapshotAsync(Snapshot(replica.Last, state), replica.Last.Index));
            var saved = Stopwatch.GetElapsedTime(started);
            var plain = WritePlain(Path.Combine(folder, $"plain-{round}"), state, options.Groups);
            var megabytes = (double)state.Length * options.Groups / (1 << 20);
            Console.WriteLine($"{options.Groups:N0} snapshots of {state.Length:N0} bytes: {saved.TotalSeconds:N2} s ({megabytes / saved.TotalSeconds:N0} MiB/s, {saved.TotalMilliseconds / options.Groups:N3} ms each);"
                + $" the same bytes in one file: {plain.TotalSeconds:N2} s ({megabytes / plain.TotalSeconds:N0} MiB/s)");
        }
    }

    private static TimeSpan WritePlain(string path, byte[] state, int times)
    {
        var started = Stopwatch.GetTimestamp();
        using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
        {
            var (position, synced) = (0L, 0L);
            for (var i = 0; i < times; i++)
            {
                RandomAccess.Write(file, state, position);
                position += state.Length;
                if (position - synced < BytesPerSync && i < times - 1) continue;
                DataSync.File(file, path);
                synced = position;
            }
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        File.Delete(path);
        return elapsed;
    }

    private static LogSnapshot Snapshot(LogPosition position, byte[] state) => new() { Position = position, DataLossCount = 0, TimeUtc = DateTime.UtcNow, State = state };
}
