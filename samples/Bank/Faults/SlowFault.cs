using Bank.Silos;

namespace Bank.Faults;

/// <summary>A silo that runs a quarter of the time only, as on a machine with too much to do: it is frozen and goes on five times a second.</summary>
internal sealed class SlowFault(SiloProcess silo) : Fault
{
    private static readonly TimeSpan Frozen = TimeSpan.FromMilliseconds(150), Running = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource _end = new();
    private Task _slowing = Task.CompletedTask;

    public override string What => "slowed (runs a quarter of the time)";
    public override IReadOnlyList<SiloProcess> Silos { get; } = [silo];

    public override void Hit() => _slowing = Task.Run(SlowAsync, CancellationToken.None);

    public override async Task<string> EndAsync(CancellationToken cancellation)
    {
        await _end.CancelAsync();
        await _slowing;
        return "runs at full speed again";
    }

    public override void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    private async Task SlowAsync()
    {
        var end = _end.Token;
        while (!end.IsCancellationRequested)
        {
            silo.Stop();
            await Task.Delay(Frozen, CancellationToken.None);
            silo.Continue();
            await Task.Delay(Running, CancellationToken.None);
        }
    }
}
