using Bank.Silos;

namespace Bank.Faults;

/// <summary>A bad disk under the log of one silo: its syncs fail, or do not end.</summary>
internal sealed class DiskFault(SiloFleet fleet, SiloProcess silo, bool hangs) : Fault
{
    private LogThreadTrace? _trace;

    public override string What => hangs ? "has a disk that hangs (a sync of its log does not end)" : "has a broken disk (its log cannot be synced)";
    public override IReadOnlyList<SiloProcess> Silos { get; } = [silo];

    public override void Hit()
    {
        var fault = hangs ? $"delay_enter={TimeSpan.FromDays(1).TotalMicroseconds:0}" : "error=EIO";
        _trace = LogThreadTrace.Inject(silo.ProcessId, fault, Path.Combine(silo.Settings.Folder, "syncs.txt"));
    }

    public override Task<string> EndAsync(CancellationToken cancellation)
    {
        if (!hangs) silo.Kill();
        Dispose();
        if (!hangs) fleet.Restart(silo);
        return Task.FromResult(hangs ? "goes on: its disk does" : "started again");
    }

    public override void Dispose()
    {
        _trace?.Dispose();
        _trace = null;
    }
}
