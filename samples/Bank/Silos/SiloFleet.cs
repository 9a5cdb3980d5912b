using System.Diagnostics;
using Bank.Network;
using Bank.Screen;

namespace Bank.Silos;

/// <summary>All silo processes of a run. One that ends by itself is started again, as the service manager of a real machine would.</summary>
internal sealed class SiloFleet : IAsyncDisposable
{
    private const int MaxRestarts = 5;
    private static readonly TimeSpan ReadyPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ShutDownLimit = TimeSpan.FromSeconds(8);

    private readonly FreePorts _ports = new();
    private readonly ProcessLauncher _launcher = new();
    private readonly RunEvents _events;
    private readonly string _folder;
    private int _restarts;
    private volatile bool _started; // from here on a silo that ends is started again; before, the run cannot begin
    private volatile bool _ending;

    /// <param name="count">Silos.</param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="switched">Whether all connections go through a switch, so that they can be cut.</param>
    /// <param name="events">Where to tell what happens.</param>
    public SiloFleet(int count, string folder, bool switched, RunEvents events)
    {
        _events = events;
        _folder = folder;
        Cluster = $"bank-{Environment.ProcessId}-{Random.Shared.Next(100_000, 1_000_000)}";
        if (switched) Switch = new TcpSwitch(_ports.Take(), port => Silos!.FirstOrDefault(silo => silo.Settings.Uses(port))?.Settings.Number);
        Silos = [.. Enumerable.Range(1, count).Select(number => new SiloProcess(Describe(number), _launcher))];
    }

    public string Cluster { get; }
    public string Store => Path.Combine(_folder, "bank.db");
    public IReadOnlyList<SiloProcess> Silos { get; }

    /// <summary>The network; null when connections are direct.</summary>
    public TcpSwitch? Switch { get; }

    /// <summary>Times that a silo ended without having been told to.</summary>
    public int UnexpectedEnds { get; private set; }

    public void Start()
    {
        foreach (var silo in Silos) silo.Start(OnEnded);
    }

    /// <summary>
    /// Waits until all silos are active. A client that connects before knows one gateway only, for a minute, and if that one is stopped, no way round it.
    /// </summary>
    /// <exception cref="RunFailedException">One of them ended, or they were not active in time.</exception>
    public async Task WaitUntilActiveAsync(TimeSpan limit, CancellationToken cancellation)
    {
        for (var start = Stopwatch.GetTimestamp(); Silos.FirstOrDefault(silo => !File.Exists(silo.Settings.ReadyFile)) is { } silo;)
        {
            ThrowIfOneEnded();
            if (Stopwatch.GetElapsedTime(start) > limit)
                throw new RunFailedException($"{silo.Settings.Name} was not active within {limit.TotalSeconds:0} s; see {silo.Settings.TextLog}.");
            await Task.Delay(ReadyPause, cancellation);
        }
        _started = true;
    }

    private void ThrowIfOneEnded()
    {
        if (Silos.FirstOrDefault(silo => silo.State == SiloState.Ended) is not { } silo) return;
        throw new RunFailedException(
            $"{silo.Settings.Name} ended while starting. The end of {silo.Settings.TextLog}:\n  {string.Join("\n  ", silo.LastLines(12))}");
    }

    public SiloProcess? ByPort(int siloPort) => Silos.FirstOrDefault(silo => silo.Settings.SiloPort == siloPort);

    public void Restart(SiloProcess silo) => silo.Start(OnEnded);

    public async ValueTask DisposeAsync()
    {
        _ending = true;
        Switch?.Wires.MendAll();
        await Task.WhenAll(Silos.Select(silo => silo.ShutDownAsync(ShutDownLimit)));
        foreach (var silo in Silos) silo.Dispose();
        _launcher.Dispose();
        Switch?.Dispose();
        _ports.Dispose();
    }

    private SiloSettings Describe(int number) =>
        new(number, _ports.Take(), _ports.Take(), Cluster, Store, Path.Combine(_folder, $"silo-{number}"), Switch?.Port ?? 0);

    private void OnEnded(SiloProcess silo, int exitCode)
    {
        if (_ending || !_started) return;
        UnexpectedEnds++;
        _events.Add($"{silo.Settings.Name} ended by itself (exit code {exitCode}; see {silo.Settings.TextLog})");
        if (Interlocked.Increment(ref _restarts) > MaxRestarts) return;
        silo.Start(OnEnded);
        _events.Add($"{silo.Settings.Name} started again");
    }
}

/// <summary>The run broke off for a reason that has nothing to do with the books. Exit code 1.</summary>
internal sealed class RunFailedException(string message) : Exception(message);
