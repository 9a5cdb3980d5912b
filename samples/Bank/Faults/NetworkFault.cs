using Bank.Network;
using Bank.Options;
using Bank.Silos;

namespace Bank.Faults;

/// <summary>A silo whose connections carry nothing, or everything late. Nobody is told: connections stay open, new ones are not answered.</summary>
/// <param name="fleet">The silos; their connections go through a switch.</param>
/// <param name="silo">The one.</param>
/// <param name="others">Whom it is cut off from.</param>
/// <param name="direction">What of its traffic is meant.</param>
/// <param name="delay">How much later everything arrives; null: it does not arrive.</param>
internal sealed class NetworkFault(SiloFleet fleet, SiloProcess silo, IsolateFrom others, CutDirection direction, TimeSpan? delay = null) : Fault
{
    private readonly Wires _wires = fleet.Switch?.Wires ?? throw new InvalidOperationException("Connections that are direct cannot be cut.");

    public override IReadOnlyList<SiloProcess> Silos { get; } = [silo];

    public override string What => delay is { } late
        ? FormattableString.Invariant($"far away ({late.TotalMilliseconds:0} ms each way)")
        : $"cut off from {From}{Way}";

    public override void Hit()
    {
        foreach (var wire in _wires.Of(silo.Settings.Number, fleet.Silos.Count, others, direction))
            if (delay is { } late) wire.Delay = late;
            else wire.Cut();
    }

    public override Task<string> EndAsync(CancellationToken cancellation)
    {
        Dispose();
        return Task.FromResult(delay is null ? "reached again" : "near again");
    }

    public override void Dispose() => _wires.MendAll();

    private string From => others switch
    {
        IsolateFrom.Silos => "the other silos",
        IsolateFrom.Clients => "the clients",
        _ => "everybody",
    };

    private string Way => direction switch
    {
        CutDirection.Out => " (what it sends is lost)",
        CutDirection.In => " (what it is sent is lost)",
        _ => "",
    };
}
