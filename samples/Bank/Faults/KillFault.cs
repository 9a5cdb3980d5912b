using Bank.Silos;

namespace Bank.Faults;

/// <summary>Silos killed at once with SIGKILL, and started again in the order given, on their ports and folders.</summary>
/// <param name="fleet">The silos.</param>
/// <param name="order">Whom, in the order in which they are started again.</param>
/// <param name="pauses">How long to wait before each start.</param>
internal sealed class KillFault(SiloFleet fleet, IReadOnlyList<SiloProcess> order, IReadOnlyList<TimeSpan> pauses) : Fault
{
    public override string What => "killed (SIGKILL)";
    public override IReadOnlyList<SiloProcess> Silos => order;

    public override void Hit()
    {
        foreach (var silo in order) silo.Kill();
    }

    public override async Task<string> EndAsync(CancellationToken cancellation)
    {
        foreach (var (silo, pause) in order.Zip(pauses))
        {
            await Task.Delay(pause, cancellation);
            fleet.Restart(silo);
        }
        return order.Count == 1 ? "started again" : FormattableString.Invariant(
            $"started again in this order, after pauses of {string.Join(", ", pauses.Select(pause => $"{pause.TotalMilliseconds:0}"))} ms");
    }
}
