using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Placement;
using Orleans.MasterSlave.Replicas;
using Orleans.Metadata;

namespace Orleans.MasterSlave.Node;

/// <summary>
/// The node's life in a silo: opens the log and counts the start before the silo becomes active (I1, I2), keeps heartbeats going, and gives up every
/// mastership when the log fails or the silo stops (L6).
/// </summary>
internal sealed partial class MasterSlaveNode(IServiceProvider services, IOptions<MasterSlaveOptions> options, TimeProvider time, ILoggerFactory loggers)
    : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>After storage providers, before the silo takes calls.</summary>
    private const int StartStage = ServiceLifecycleStage.ApplicationServices + 1;

    /// <summary>For so long slaves of a silo that stops go on acknowledging while their masters take them out (L6).</summary>
    private static readonly TimeSpan LongestLeave = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeaveLook = TimeSpan.FromMilliseconds(10);

    private readonly ILogger _logger = loggers.CreateLogger<MasterSlaveNode>();
    private readonly CancellationTokenSource _stopped = new();
    private readonly CancellationTokenSource _resigned = new(); // no change of a record is waited for any more
    private LogDirectory? _directory;
    private NodeFolder? _folder;
    private NodeLease? _lease;
    private Task _renewing = Task.CompletedTask;
    private GrantedWait? _granted;
    private EntryMarks? _marks;
    private Task _loops = Task.CompletedTask;

    /// <summary>Null until the log is open and the start is counted.</summary>
    public RunningNode? Running { get; private set; }

    /// <summary>Who this node is; null until it runs.</summary>
    public NodeHello? Hello { get; private set; }

    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe(nameof(MasterSlaveNode), StartStage, StartAsync, CloseAsync);
        lifecycle.Subscribe(nameof(MasterSlaveNode), ServiceLifecycleStage.Active, BeginAsync, ResignAsync);
    }

    private async Task StartAsync(CancellationToken cancelled)
    {
        try
        {
            await OpenAsync(cancelled);
        }
        catch
        {
            await _stopped.CancelAsync(); // who is not the node renews nothing
            await _renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _folder?.Dispose();
            _directory?.Dispose();
            throw;
        }
    }

    private async Task OpenAsync(CancellationToken cancelled)
    {
        var o = options.Value;
        var storage = GroupStorage.Find(services);
        var registry = new NodeRegistry(storage, IdSource.NewGuid);
        _directory = await LogDirectory.OpenAsync(o.LogDirectory);
        await registry.ProbeAsync();
        var store = await registry.StoreIdAsync();
        _directory.SetStoreId(store);
        var life = _directory.Life;
        var metrics = ActivatorUtilities.CreateInstance<MasterSlaveMetrics>(services);
        _folder = new NodeFolder(_directory);
        var settings = new NodeLeaseSettings(o.NodeLeaseDuration, o.GroupStoreTimeout, o.StoreOutage);
        var leaseEvents = new NodeLeaseEvents(metrics, _logger, Displaced);
        if (_folder.StoreWentBack) leaseEvents.StoreWentBack($"'{NodeFolder.WentBackFileName}' is still in '{o.LogDirectory}'");
        _lease = await new NodeStart(life, new GrainStorageNodeStore(storage), _folder, settings, time, IdSource.NewStamp, leaseEvents).RunAsync(cancelled);
        _renewing = Task.Run(() => _lease.RunAsync(_stopped.Token), CancellationToken.None);
        var log = WriteAheadLog.Open(_directory, LogOptionsOf(o), time, _logger);
        _marks = EntryMarks.Open(_directory, Deployment.Fingerprint(), _logger);
        _granted = new GrantedWait(_directory, time);
        var times = new LivenessTimes
        {
            HeartbeatInterval = o.HeartbeatInterval,
            LeaseDuration = o.LeaseDuration,
            PromotionWait = o.PromotionWait,
            EarlierPromotionWait = _granted.Begin(o.PromotionWait),
        };
        var faults = new NodeFaults(metrics, _logger);
        var version = CodeVersion.Running(o.ApplicationVersion ?? CodeVersion.Of(Assembly.GetEntryAssembly()));
        var nodes = ActivatorUtilities.CreateInstance<NodeDirectory>(services, faults);
        var groupStore = new TimedGroupStore(new GrainStorageGroupStore(storage), o.GroupStoreTimeout, time, new StoreEvents(metrics, _logger));
        Running = new RunningNode
        {
            Liveness = new NodeLiveness(life, store, times, time)
            {
                HeardAfter = gap => metrics.HeartbeatGap.Record(gap.TotalSeconds),
                OtherNodes = () => nodes.Nodes().Select(n => n.Node),
            },
            Clock = new NodeClock(time),
            Nodes = nodes,
            SearchFor = group => ActivatorUtilities.CreateInstance<NodeDataSearch>(services, group),
            Coordinators = new GroupCoordinators(groupStore, time, _resigned.Token),
            Limits = LimitsOf(o),
            Metrics = metrics,
            Faults = faults,
            Log = log,
            Version = version,
            ReplayedVersions = new ReplayedVersions(version.Application, time, _logger),
            Marks = _marks,
            Lease = _lease,
        };
        Hello = new NodeHello(life, store, o.Zone);
        nodes.AddSelf(Hello);
        nodes.Looked = new PlaceWatch(nodes, services.GetRequiredService<IClusterManifestProvider>(), Running.PlacesChanged).Look;
        if (_lease.Standing.Lease == NodeLeaseState.Lost) Displaced($"{_lease.Row}"); // while the log was read
        LogStarted(life, store, o.LogDirectory);
    }

    private Task BeginAsync(CancellationToken cancelled)
    {
        var running = Running!;
        var factory = services.GetRequiredService<IGrainFactory>();
        var logWatch = new LogWatch(running.Log, running.Liveness, options.Value.LogStallTimeout, _logger);
        var roundTrips = new RoundTripWatch(running.Liveness.Times, time, _logger);
        var heartbeats = new HeartbeatLoop(running.Liveness, running.Nodes, logWatch, factory, time, running.Faults, _logger)
        {
            RoundTripTook = took =>
            {
                running.Metrics.HeartbeatRoundTrip.Record(took.TotalSeconds);
                roundTrips.Took(took);
            },
            CompareClocks = new ClockWatch(running.Liveness, running.Clock, _logger).Look,
        };
        var snapshots = new SnapshotRequests(running.AskForSnapshots, time, running.Faults);
        running.Log.SnapshotsWanted += snapshots.Want;
        var waker = new GroupWaker(factory, services.GetRequiredService<ILocalSiloDetails>().SiloAddress, _logger);
        var times = running.Liveness.Times;
        _loops = Task.WhenAll(
            WithReportAsync("forgetting an earlier wait", ct => _granted!.ForgetAsync(times.EarlierPromotionWait, times.PromotionWait, ct), running),
            WithReportAsync("waking the groups of the log", ct => waker.RunAsync([.. running.Log.Groups], ct), running),
            WithReportAsync("looking for operations of another version", running.ReplayedVersions.RunAsync, running),
            KeepAsync("renews the node lease", _ => _renewing, running),
            KeepAsync("asks for snapshots", snapshots.RunAsync, running),
            KeepAsync("learns the nodes", running.Nodes.RunAsync, running),
            KeepAsync("looks for blocked replicas", ct => new BlockWatch(time, times.HeartbeatInterval).RunAsync(running.Busy, running.Faults.Guard, ct), running),
            KeepAsync("sends heartbeats", heartbeats.RunAsync, running),
            KeepAsync("watches the log", _ => WatchLogAsync(running), running));
        return Task.CompletedTask;
    }

    /// <summary>Work that ends by itself; the silo does without it when it fails, and reports that.</summary>
    private async Task WithReportAsync(string what, Func<CancellationToken, Task> work, RunningNode running)
    {
        try
        {
            await Task.Run(() => work(_stopped.Token), CancellationToken.None);
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // The silo stops.
        }
        catch (Exception e)
        {
            running.Faults.Report(what, e);
        }
    }

    /// <summary>
    /// Loops report their errors and go on. One that ends all the same leaves a silo that cannot keep its promises: it serves no more
    /// (L6).
    /// </summary>
    private async Task KeepAsync(string what, Func<CancellationToken, Task> loop, RunningNode running)
    {
        var error = new InvalidOperationException($"The loop that {what} ended.");
        try
        {
            await Task.Run(() => loop(_stopped.Token), CancellationToken.None);
        }
        catch (Exception e)
        {
            error = new InvalidOperationException(error.Message, e);
        }

        if (_stopped.IsCancellationRequested || running.Log.Failed.IsCompleted) return;
        LogLoopEnded(error, what);
        running.Liveness.CannotGoOn();
        running.FailAll($"the loop of its silo that {what} ended", error);
    }

    private async Task WatchLogAsync(RunningNode running)
    {
        var failed = await Task.WhenAny(running.Log.Failed, Task.Delay(Timeout.InfiniteTimeSpan, time, _stopped.Token));
        if (failed != running.Log.Failed) return;
        var error = await running.Log.Failed;
        LogFailed(error);
        running.Liveness.LogFailed();
        running.FailAll($"the silo's log failed: {error.Message}", error);
    }

    /// <summary>A silo that stops gives up its masterships while it can still say so.</summary>
    private async Task ResignAsync(CancellationToken cancelled)
    {
        await LeaveAsync(cancelled);
        await _resigned.CancelAsync(); // a store that does not settle a change must not hold up the end of its caller's activation
    }

    private async Task LeaveAsync(CancellationToken cancelled)
    {
        if (Running is not { } running || cancelled.IsCancellationRequested) return;
        var began = running.Liveness.Now;
        running.Liveness.Leave();
        running.LeaveAll("the silo stops");
        // Two heartbeats: one to carry the resignations, one for what was lost.
        await Task.Delay(running.Liveness.Times.HeartbeatInterval * 2, time, cancelled).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (running.Liveness.HasSlavesInSync && running.Liveness.Now - began < LongestLeave && !cancelled.IsCancellationRequested)
            await Task.Delay(LeaveLook, time, cancelled).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        running.ResignAll("the silo stops");
        await new StopSnapshots(options.Value.StopSnapshotLimit, time, _logger).TakeAsync(running.Replicas(), cancelled); // nothing changes any more
    }

    private async Task CloseAsync(CancellationToken cancelled)
    {
        await _stopped.CancelAsync();
        await _loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Running is { } running) await running.Log.DisposeAsync();
        _marks?.Dispose();
        if (!cancelled.IsCancellationRequested) await ReleaseAsync();
        _folder?.Dispose();
        _directory?.Dispose();
    }

    /// <summary>Nothing is acknowledged here any more: whoever has the folder may be the node at once.</summary>
    private async Task ReleaseAsync()
    {
        try
        {
            if (_lease is not null) await _lease.ReleaseAsync();
        }
        catch (Exception e)
        {
            LogNotReleased(e); // the next start waits, unless it is of the same folder on the same run of this machine
        }
    }

    /// <summary>Another process is the node: nothing that this one holds counts any more, and its peers obey the other (I2).</summary>
    private void Displaced(string by)
    {
        if (Running is not { } running) return;
        running.Liveness.CannotGoOn();
        running.FailAll("another process is its silo's node now", new InvalidOperationException($"The node's row is {by}."));
    }

    private static WriteAheadLogOptions LogOptionsOf(MasterSlaveOptions o) => new()
    {
        SegmentBytes = o.LogSegmentBytes,
        RecentEntriesBytes = o.LogMemoryBytes,
        RewriteBytesPerSecond = o.LogRewriteBytesPerSecond,
    };

    private static ReplicaLimits LimitsOf(MasterSlaveOptions o) => new()
    {
        MaxOperationsInFlight = o.MaxOperationsInFlight,
        MaxBytesInFlight = o.MaxBytesInFlight,
        MaxOperationBytes = o.MaxOperationBytes,
        MaxSlaveLagEntries = o.MaxSlaveLagEntries,
        MaxSlaveLagBytes = o.MaxSlaveLagBytes,
        MaxStaleness = o.MaxStaleness,
        Sessions = new SessionLimits(o.MaxSessions, 4_096, o.SessionRetention),
        Digests = new DigestTrigger(o.DigestEveryOperations),
        Snapshots = new SnapshotTrigger(o.SnapshotEveryOperations, o.SnapshotEveryBytes),
    };

    [LoggerMessage(LogLevel.Information, "This silo is node {Life} of store {Store}, with its log in '{Directory}'.")]
    private partial void LogStarted(NodeLife life, StoreId store, string directory);

    [LoggerMessage(LogLevel.Information, "The group store could not be told that this silo stopped in order.")]
    private partial void LogNotReleased(Exception error);

    [LoggerMessage(LogLevel.Critical, "The loop of this silo that {What} has ended. Every replica here gives up its office; restart the silo.")]
    private partial void LogLoopEnded(Exception error, string what);

    [LoggerMessage(LogLevel.Critical, "The log of this silo failed. Every replica here gives up its office, and nothing is acknowledged any more; repair the disk and restart the silo.")]
    private partial void LogFailed(Exception error);
}
