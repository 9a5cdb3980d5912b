using Microsoft.Extensions.Logging.Abstractions;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.LogWorker;

/// <summary>Takes the groups through their plans, all at once, and says of each step when it is durable.</summary>
internal static class Writer
{
    public const int LogFailed = 3, WentOnAfterFailure = 4;

    public static async Task<int> RunAsync(string path, int groups, int steps, Confirmed done)
    {
        using var directory = LogDirectory.Open(path);
        await using var log = WriteAheadLog.Open(directory, Plan.Options, TimeProvider.System, NullLogger.Instance);
        var output = TextWriter.Synchronized(new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true, NewLine = "\n" });
        try
        {
            await Task.WhenAll(Enumerable.Range(0, groups).Select(group => Task.Run(() => WriteAsync(log, group, done.Of(group), steps, output))));
            return 0;
        }
        catch (LogFailedException)
        {
            return await GoesOnAsync(log) ? WentOnAfterFailure : LogFailed;
        }
    }

    private static async Task WriteAsync(WriteAheadLog log, int group, int done, int steps, TextWriter output)
    {
        var plan = Plan.After(group, done);
        var replica = log.OpenReplica(plan.Group);
        var end = replica.Base.Index + plan.Entries;
        if (replica.Last.Index > end) await replica.CutFromAsync(end.Next()); // part of a step that was not confirmed
        while (plan.Steps < Plan.StepsOf(group, steps))
        {
            await plan.Take()(replica);
            output.Write($"{Confirmed.Line(group, plan.Steps)}\n");
        }
    }

    // A log that failed stays failed (D2), whatever the disk says now.
    private static async Task<bool> GoesOnAsync(WriteAheadLog log)
    {
        try
        {
            await log.OpenReplica(Plan.GroupOf(int.MaxValue)).PromiseAsync(new(1), Plan.Birth);
            return true;
        }
        catch (LogFailedException)
        {
            return false;
        }
    }
}
