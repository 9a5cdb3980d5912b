using System.Diagnostics;
using Bank.Cluster;
using Bank.Load;
using Bank.Screen;
using Bank.Silos;

namespace Bank.Faults;

/// <summary>
/// Fault after fault, each of any kind and length and on any silo, and two promises held against them: whatever befalls one silo, every group
/// that has a replica in sync elsewhere answers in time; and soon after its end everything is in sync again.
/// </summary>
internal sealed class RandomSchedule(
    FaultMaker maker, Pacer pacer, TimeSpan length, ClusterMonitor monitor, FailoverClock failover, FailoverProber prober, CallStatistics statistics,
    RunEvents events, List<string> problems)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(4), SyncLimit = TimeSpan.FromSeconds(15), ProbeLimit = TimeSpan.FromSeconds(60);

    public async Task RunAsync(CancellationToken cancellation)
    {
        await pacer.WaitUntilAsync(length / 10, cancellation);
        statistics.TakeLongest();
        for (var round = 1; pacer.Elapsed < length * 9 / 10; round++) await RunRoundAsync(round, cancellation);
    }

    private async Task RunRoundAsync(int round, CancellationToken cancellation)
    {
        using var fault = maker.MakeAny();
        var lasts = maker.AnyLength();
        var what = FormattableString.Invariant($"round {round}, {fault.Names} {fault.What} for {lasts.TotalSeconds:0.0} s");
        events.Add(what);
        failover.Start(monitor.Groups.Select(group => group.Account), fault.Hit);
        var probing = prober.RunAsync(ProbeLimit, cancellation);
        await Task.Delay(lasts, cancellation);
        await fault.EndAsync(cancellation);

        var ended = Stopwatch.GetTimestamp();
        if (!await monitor.WaitUntilInSyncAsync(SyncLimit, cancellation))
        {
            problems.Add($"{what}: {SyncLimit.TotalSeconds:0} s after its end only {monitor.InSync} of {monitor.Total} groups were in sync. {monitor.Short}");
            events.Add(problems[^1]);
            await monitor.WaitUntilInSyncAsync(ProbeLimit, cancellation); // so that the next round begins as each does
        }
        var synced = Stopwatch.GetElapsedTime(ended);
        await probing;
        Judge(what, synced);
    }

    private void Judge(string what, TimeSpan synced)
    {
        var (_, max) = failover.SummarizeLast();
        var longest = statistics.TakeLongest();
        events.Add(FormattableString.Invariant(
            $"  every group written after at most {max} ms, longest call {longest.Took.TotalMilliseconds:0} ms, in sync {synced.TotalSeconds:0.0} s after the end"));
        if (max > AnswerLimit.TotalMilliseconds) problems.Add($"{what}: a group was written again after {max} ms only: account {failover.Slowest}.");
        if (longest.Took > AnswerLimit)
            problems.Add(FormattableString.Invariant($"{what}: a call took {longest.Took.TotalMilliseconds:0} ms: {longest.What}."));
    }
}
