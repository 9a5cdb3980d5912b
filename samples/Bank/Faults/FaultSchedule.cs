using Bank.Cluster;
using Bank.Load;
using Bank.Options;
using Bank.Screen;
using Bank.Silos;

namespace Bank.Faults;

/// <summary>Brings the fault about at a third of the way, for the silo that masters most groups, and ends it at two thirds.</summary>
internal sealed class FaultSchedule(
    BankOptions options, FaultMaker maker, Pacer pacer, SiloFleet fleet, ClusterMonitor monitor, FailoverClock failover, FailoverProber prober, RunEvents events)
{
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(60);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var length = TimeSpan.FromSeconds(options.Seconds);
        await pacer.WaitUntilAsync(length / 3, cancellation);
        var mastered = await monitor.MastersAsync(cancellation);
        using var fault = maker.Make(fleet.Silos.MaxBy(silo => mastered[silo.Settings.Name].Count())!);
        IReadOnlyList<string> accounts = [.. fault.Silos.SelectMany(silo => mastered[silo.Settings.Name])];
        // Who cannot be reached disturbs others too: their calls go round it.
        var measured = options.Fault == FaultKind.Isolate ? [.. mastered.SelectMany(group => group)] : accounts;
        failover.Start(measured, fault.Hit);
        var probing = prober.RunAsync(ProbeLimit, cancellation);
        events.Add($"{fault.Names} {fault.What}: master of {accounts.Count} groups");
        _ = ReportAsync(probing);

        await pacer.WaitUntilAsync(length * 2 / 3, cancellation);
        events.Add($"{fault.Names} {await fault.EndAsync(cancellation)}");
        await probing;
    }

    private async Task ReportAsync(Task probing)
    {
        await probing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var (p50, max) = failover.Summarize();
        var waiting = failover.Waiting.Count();
        events.Add(waiting == 0
            ? $"every group of {failover.Affected.Count} was written again: p50 {p50} ms, max {max} ms (account {failover.Slowest})"
            : $"{waiting} groups were not written again");
    }
}
