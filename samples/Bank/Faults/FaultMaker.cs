using Bank.Options;
using Bank.Silos;

namespace Bank.Faults;

/// <summary>Makes the fault that was asked for, or one by chance.</summary>
internal sealed class FaultMaker(BankOptions options, SiloFleet fleet, Random random)
{
    private const int LongestPauseMs = 1_000;

    /// <summary>Does the fault, or one of those that chance may choose, need the switch?</summary>
    public static bool NeedsSwitch(FaultKind kind) => kind is FaultKind.Isolate or FaultKind.Random;

    /// <param name="victim">The silo that masters most groups.</param>
    public Fault Make(SiloProcess victim) => options.Fault switch
    {
        FaultKind.Kill => Kill([victim]),
        FaultKind.Stop => new StopFault(victim),
        FaultKind.DiskError => new DiskFault(fleet, victim, hangs: false),
        FaultKind.DiskHang => new DiskFault(fleet, victim, hangs: true),
        FaultKind.All => Kill(fleet.Silos),
        FaultKind.Two => Kill([victim, Another(victim)]),
        FaultKind.Isolate => new NetworkFault(fleet, victim, options.Isolate, options.Direction),
        _ => throw new InvalidOperationException(options.Fault.ToString()),
    };

    /// <summary>A fault of any kind that befalls one silo, whichever.</summary>
    public Fault MakeAny()
    {
        var silo = fleet.Silos[random.Next(fleet.Silos.Count)];
        return random.Next(10) switch
        {
            0 => Kill([silo]),
            1 => new StopFault(silo),
            2 => new SlowFault(silo),
            3 => new NetworkFault(fleet, silo, IsolateFrom.Everybody, CutDirection.Both, TimeSpan.FromMilliseconds(random.Next(20, 81))),
            _ => new NetworkFault(fleet, silo, (IsolateFrom)random.Next(3), (CutDirection)random.Next(3)),
        };
    }

    /// <summary>Short ones as often as long ones: from a fraction of a lease to several times what a failover takes.</summary>
    public TimeSpan AnyLength() => TimeSpan.FromSeconds(0.3 * Math.Pow(8 / 0.3, random.NextDouble()));

    private SiloProcess Another(SiloProcess victim)
    {
        var others = fleet.Silos.Where(silo => silo != victim).ToArray();
        return others[random.Next(others.Length)];
    }

    private KillFault Kill(IReadOnlyList<SiloProcess> silos)
    {
        var order = silos.ToArray();
        random.Shuffle(order);
        return new KillFault(fleet, order, [.. order.Select((_, at) => TimeSpan.FromMilliseconds(at == 0 ? 0 : random.Next(LongestPauseMs)))]);
    }
}
