using System.Diagnostics;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.LogBenchmarks.Contenders;

namespace Orleans.MasterSlave.LogBenchmarks.Modes;

/// <summary>How long a silo with a large log takes to have all its replicas' logs open, and what that costs in memory.</summary>
internal static class Startup
{
    private const int PayloadBytes = 100, BatchEntries = 10;

    public static async Task RunAsync(LogBenchmarkOptions options, string folder)
    {
        var started = Stopwatch.GetTimestamp();
        await WriteAsync(options, folder);
        var bytes = new DirectoryInfo(folder).EnumerateFiles("*.segment").Sum(file => file.Length);
        Console.WriteLine($"wrote {options.Entries:N0} entries of {PayloadBytes} bytes over {options.Groups:N0} groups in {Stopwatch.GetElapsedTime(started).TotalSeconds:N1} s; {bytes:N0} bytes of segments");
        await OpenAsync(options, folder);
    }

    private static async Task WriteAsync(LogBenchmarkOptions options, string folder)
    {
        using var directory = LogDirectory.Open(folder);
        await using var log = SiloLog.Open(directory);
        var replicas = Enumerable.Range(0, options.Groups).Select(i => log.OpenReplica(SiloLog.GroupOf(i))).ToArray();
        var perGroup = options.Entries / options.Groups;
        for (var first = 1; first <= perGroup; first += BatchEntries)
        {
            foreach (var chunk in replicas.Chunk(1000)) // of as much as the log admits at once
            {
                var count = Math.Min(BatchEntries, perGroup - first + 1);
                await Task.WhenAll(chunk.Select(replica => replica.AppendAsync([.. Enumerable.Range(0, count).Select(i => SiloLog.Entry(first + i, new byte[PayloadBytes]))])));
            }
        }
    }

    private static async Task OpenAsync(LogBenchmarkOptions options, string folder)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var started = Stopwatch.GetTimestamp();
        using var directory = LogDirectory.Open(folder);
        await using var log = SiloLog.Open(directory);
        var read = Stopwatch.GetElapsedTime(started);
        var replicas = Enumerable.Range(0, options.Groups).Select(i => log.OpenReplica(SiloLog.GroupOf(i))).ToArray();
        var opened = Stopwatch.GetElapsedTime(started);
        var last = new LogIndex(options.Entries / options.Groups);
        if (replicas.Any(replica => replica.Last.Index != last)) throw new InvalidOperationException($"A group does not end at {last}.");
        var memory = GC.GetTotalMemory(forceFullCollection: true) - before;
        Console.WriteLine($"read in {read.TotalSeconds:N2} s, all replicas open after {opened.TotalSeconds:N2} s; {memory:N0} bytes of managed memory, {memory / options.Groups:N0} a group, {memory / (double)options.Entries:N1} an entry");
        GC.KeepAlive(replicas);
    }
}
