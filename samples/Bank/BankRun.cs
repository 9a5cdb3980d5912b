using Bank.Audit;
using Bank.Cluster;
using Bank.Faults;
using Bank.Load;
using Bank.Options;
using Bank.Screen;
using Bank.Silos;

namespace Bank;

/// <summary>One run, from the first silo to the audit.</summary>
internal sealed class BankRun(BankOptions options, IReadOnlyList<Transfer> transfers, string folder)
{
    private const int WantedReplicas = 2;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(60);

    /// <summary>How much longer than planned the transfers may take.</summary>
    private static readonly TimeSpan Overtime = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan SyncLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(15);

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly RunEvents _events = new();
    private readonly CallStatistics _statistics = new();
    private readonly List<string> _problems = [];
    private readonly Ledger _ledger = new(transfers);
    private readonly IReadOnlyList<string> _accounts =
        [.. transfers.SelectMany(transfer => new[] { transfer.From, transfer.To }).Distinct(StringComparer.Ordinal)];

    /// <exception cref="RunFailedException">The silos or accounts could not be brought up.</exception>
    public async Task<Verdict> RunAsync(CancellationToken cancellation)
    {
        await using var fleet = new SiloFleet(options.Silos, folder, FaultMaker.NeedsSwitch(options.Fault), _events);
        var source = new RunPictureSource(fleet, _statistics, transfers.Count, _time);
        using var screenEnd = new CancellationTokenSource();
        var screen = RunScreen.ShowAsync(source, _events, screenEnd.Token);
        try
        {
            return await RunAsync(fleet, source, cancellation);
        }
        finally
        {
            await screenEnd.CancelAsync();
            await screen;
        }
    }

    private async Task<Verdict> RunAsync(SiloFleet fleet, RunPictureSource source, CancellationToken cancellation)
    {
        source.Phase = "starting silos";
        fleet.Start();
        await fleet.WaitUntilActiveAsync(StartLimit, cancellation);
        await using var client = await BankClient.ConnectAsync(fleet, options.Mode, Path.Combine(folder, "client.txt"), cancellation);
        _events.Add($"{fleet.Silos.Count} silos are active");

        source.Phase = "opening accounts";
        await OpenAccountsAsync(client, cancellation);
        var window = new ReplicaWindow(client, fleet);
        var monitor = new ClusterMonitor(window, _accounts, WantedReplicas, _events);
        await monitor.RefreshAsync(cancellation);
        _events.Add($"{_accounts.Count} accounts are open");

        var failover = new FailoverClock(_time);
        source.Monitor = monitor;
        await TransferAsync(client, fleet, source, monitor, failover, cancellation);

        source.Phase = "waiting for replicas";
        if (!await monitor.WaitUntilInSyncAsync(SyncLimit, cancellation))
            _problems.Add($"After {SyncLimit.TotalSeconds:0} s, only {monitor.InSync} of {_accounts.Count} groups had {WantedReplicas} replicas in sync. {monitor.Short}");

        source.Phase = "reading the books";
        var reader = new BookReader(window);
        var books = await reader.ReadAllAsync(monitor.Groups, ReadPatience, cancellation);
        _problems.AddRange(reader.Unread.Select(unread => $"A replica could not be read: {unread}"));
        return Judge(books, failover, options.Mode == BankMode.Async ? ReadOrphans(client, fleet) : null);
    }

    private async Task OpenAccountsAsync(BankClient client, CancellationToken cancellation)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Callers, CancellationToken = cancellation };
        var opening = Parallel.ForEachAsync(_accounts, parallel, async (account, _) => await client.Account(account).Touch());
        try
        {
            await opening.WaitAsync(OpenLimit, cancellation);
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            throw new RunFailedException($"The accounts could not be opened: {error.GetType().Name}: {error.Message}");
        }
    }

    private async Task TransferAsync(
        BankClient client, SiloFleet fleet, RunPictureSource source, ClusterMonitor monitor, FailoverClock failover, CancellationToken cancellation)
    {
        var length = TimeSpan.FromSeconds(options.Seconds);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pacer = new Pacer(transfers.Count, length, _time);
        _events.Clock = () => pacer.Elapsed;
        var teller = new Teller(_ledger, pacer, client.Account, failover, _statistics, _time);
        (source.Teller, source.Pacer, source.Phase) = (teller, pacer, "transfers");

        var monitoring = monitor.RunAsync(end.Token);
        var prober = new FailoverProber(failover, client.Account, _statistics, _time);
        var fault = RunFaultsAsync(new FaultMaker(options, fleet, new Random(Seed())), pacer, fleet, monitor, failover, prober, end.Token);
        try
        {
            await Task.WhenAll(teller.RunAsync(options.Callers, end.Token), fault).WaitAsync(length + Overtime, cancellation);
        }
        catch (TimeoutException)
        {
            _problems.Add($"The transfers did not end within {(length + Overtime).TotalSeconds:0} s: {teller.Done} of {transfers.Count} were performed.");
        }
        await end.CancelAsync();
        await monitoring.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _events.Add($"transfers ended: {teller.Done} of {transfers.Count}");
    }

    private Task RunFaultsAsync(
        FaultMaker maker, Pacer pacer, SiloFleet fleet, ClusterMonitor monitor, FailoverClock failover, FailoverProber prober, CancellationToken end) => options.Fault switch
    {
        FaultKind.None => Task.CompletedTask,
        FaultKind.Random => new RandomSchedule(
            maker, pacer, TimeSpan.FromSeconds(options.Seconds), monitor, failover, prober, _statistics, _events, _problems).RunAsync(end),
        _ => new FaultSchedule(options, maker, pacer, fleet, monitor, failover, prober, _events).RunAsync(end),
    };

    private int Seed()
    {
        var seed = options.Seed ?? Random.Shared.Next();
        if (options.Fault is FaultKind.All or FaultKind.Two or FaultKind.Random) _events.Add($"seed of the fault: {seed}");
        return seed;
    }

    private IReadOnlySet<LostOperation> ReadOrphans(BankClient client, SiloFleet fleet)
    {
        try
        {
            return OrphanReader.Read(client, fleet);
        }
        catch (IOException error)
        {
            _problems.Add($"The orphan files could not be read: {error.Message}");
            return new HashSet<LostOperation>();
        }
    }

    private Verdict Judge(IReadOnlyList<ReplicaBooks> books, FailoverClock failover, IReadOnlySet<LostOperation>? orphaned)
    {
        var report = Auditor.Examine(_ledger, books, Math.Min(WantedReplicas, options.Silos));
        if (failover.Waiting.ToList() is { Count: > 0 } waiting)
            _problems.Add($"{waiting.Count} groups of the victim were never written again: {string.Join(", ", waiting.Take(10))}");
        if (_statistics.FirstFailure is { } failure) _problems.Add($"The first failed call: {failure}");
        var (p50, max) = failover.Summarize();
        return new Verdict
        {
            Report = report,
            FailedCalls = _statistics.Failed + report.Unanswered,
            FailoverP50Ms = p50,
            FailoverMaxMs = max,
            Orphaned = orphaned,
            Problems = _problems,
        };
    }
}
