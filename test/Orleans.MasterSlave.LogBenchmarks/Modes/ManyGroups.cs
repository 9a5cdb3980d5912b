using System.Diagnostics;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.LogBenchmarks.Contenders;

namespace Orleans.MasterSlave.LogBenchmarks.Modes;

/// <summary>One write by each of many groups, all at once: how many syncs they share.</summary>
internal static class ManyGroups
{
    private const int PayloadBytes = 128;

    public static async Task RunAsync(LogBenchmarkOptions options, string folder)
    {
        using var directory = LogDirectory.Open(folder);
        await using var log = SiloLog.Open(directory);
        var replicas = Enumerable.Range(0, options.Groups).Select(i => log.OpenReplica(SiloLog.GroupOf(i))).ToArray();
        var payload = new byte[PayloadBytes];
        for (var round = 1; round <= options.Rounds; round++)
        {
            var (syncs, started) = (log.Syncs, Stopwatch.GetTimestamp());
            await Task.WhenAll(replicas.Select(replica => replica.AppendAsync([SiloLog.Entry(round, payload)])));
            Console.WriteLine($"{options.Groups:N0} groups, one write each: {log.Syncs - syncs} syncs, {Stopwatch.GetElapsedTime(started).TotalSeconds:N3} s");
        }
    }
}
