using Bank.Cluster;
using Bank.Load;
using Bank.Options;
using Bank.Screen;

namespace Bank.Silos;

/// <summary>Hits the silo that masters most groups at a third of the way, and brings it back at two thirds.</summary>
internal sealed class FaultSchedule(
    BankOptions options, Pacer pacer, SiloFleet fleet, ClusterMonitor monitor, FailoverClock failover, FailoverProber prober, RunEvents events)
{
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(60);
    private DiskFault? _disk;

    public async Task RunAsync(CancellationToken cancellation)
    {
        if (options.Fault == FaultKind.None) return;
        var length = TimeSpan.FromSeconds(options.Seconds);

        await pacer.WaitUntilAsync(length / 3, cancellation);
        var (victim, accounts) = await ChooseAsync(cancellation);
        failover.Start(accounts, () => Hit(victim));
        var probing = prober.RunAsync(ProbeLimit, cancellation);
        events.Add($"{victim.Settings.Name} {What()}: it was master of {accounts.Count} groups");
        _ = ReportAsync(probing);

        try
        {
            await pacer.WaitUntilAsync(length * 2 / 3, cancellation);
            BringBack(victim);
            await probing;
        }
        finally
        {
            MendDisk();
        }
    }

    private string What() => options.Fault switch
    {
        FaultKind.Kill => "killed (SIGKILL)",
        FaultKind.Stop => "stopped (SIGSTOP)",
        FaultKind.DiskError => "has a broken disk (its log cannot be synced)",
        _ => "has a disk that hangs (a sync of its log does not end)",
    };

    private async Task<(SiloProcess Victim, IReadOnlyList<string> Accounts)> ChooseAsync(CancellationToken cancellation)
    {
        var mastered = await monitor.MastersAsync(cancellation);
        var victim = fleet.Silos.MaxBy(silo => mastered[silo.Settings.Name].Count())!;
        return (victim, [.. mastered[victim.Settings.Name]]);
    }

    private void Hit(SiloProcess victim)
    {
        switch (options.Fault)
        {
            case FaultKind.Kill:
                victim.Kill();
                break;
            case FaultKind.Stop:
                victim.Stop();
                break;
            default:
                var fault = options.Fault == FaultKind.DiskError ? "error=EIO" : $"delay_enter={TimeSpan.FromDays(1).TotalMicroseconds:0}";
                _disk = DiskFault.Inject(victim.ProcessId, fault, Path.Combine(victim.Settings.Folder, "syncs.txt"));
                break;
        }
    }

    private void BringBack(SiloProcess victim)
    {
        switch (options.Fault)
        {
            case FaultKind.Stop:
                // If it then learns that it was declared dead, it ends itself, and the fleet starts it again.
                victim.Continue();
                events.Add($"{victim.Settings.Name} continued (SIGCONT)");
                break;
            case FaultKind.DiskHang:
                MendDisk();
                events.Add($"{victim.Settings.Name}: its disk goes on");
                break;
            default:
                victim.Kill();
                MendDisk();
                fleet.Restart(victim);
                events.Add($"{victim.Settings.Name} started again");
                break;
        }
    }

    private void MendDisk()
    {
        _disk?.Dispose();
        _disk = null;
    }

    private async Task ReportAsync(Task probing)
    {
        await probing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var (p50, max) = failover.Summarize();
        var waiting = failover.Waiting.Count();
        events.Add(waiting == 0
            ? $"every group of the victim was written again: p50 {p50} ms, max {max} ms"
            : $"{waiting} groups of the victim were not written again");
    }
}
