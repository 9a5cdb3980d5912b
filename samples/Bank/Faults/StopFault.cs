using Bank.Silos;

namespace Bank.Faults;

/// <summary>A silo frozen by SIGSTOP. When it then learns that it was declared dead, it ends itself, and the fleet starts it again.</summary>
internal sealed class StopFault(SiloProcess silo) : Fault
{
    public override string What => "stopped (SIGSTOP)";
    public override IReadOnlyList<SiloProcess> Silos { get; } = [silo];

    public override void Hit() => silo.Stop();

    public override Task<string> EndAsync(CancellationToken cancellation)
    {
        silo.Continue();
        return Task.FromResult("continued (SIGCONT)");
    }
}
