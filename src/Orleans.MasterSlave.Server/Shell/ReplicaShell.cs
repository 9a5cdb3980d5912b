using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.Filters;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Placement;
using Orleans.MasterSlave.Replicas;
using Orleans.Metadata;
using Orleans.Serialization;

namespace Orleans.MasterSlave.Shell;

/// <summary>
/// One replica in its activation: builds the core around the grain, and brings time and silo events into the activation's own thread. One for each
/// activation, shared by its extensions; ends with it.
/// </summary>
internal sealed class ReplicaShell : IReplicaListener, IWatchedReplica, IStoppingReplica
{
    private readonly IGrainContext _context;
    private readonly MasterSlaveNode _node;
    private Task<Replica>? _started;
    private readonly RunningReads _reads = new();
    private FilteredOperations? _operations;
    private Replica? _replica;
    private Task? _end;
    private int _tickQueued; // at most one tick waits in the activation's queue

    private ReplicaShell(IGrainContext context)
    {
        _context = context;
        Thread = new ThreadProbe(context.Scheduler.QueueAction);
        var services = context.ActivationServices;
        var options = services.GetRequiredService<IOptions<MasterSlaveOptions>>().Value;
        _node = services.GetRequiredService<MasterSlaveNode>();
        Limits = new TurnLimits(options.ApplyTimeout, options.TurnTimeout, services.GetRequiredService<TimeProvider>());
        Group = PlaceCheck.GroupOf(context);
    }

    public GroupId Group { get; }
    public Turns Turns { get; } = new();
    public TurnLimits Limits { get; }
    public ThreadProbe Thread { get; }
    public OpenTurn? UnderWay => Limits.Open ?? (Volatile.Read(ref _tickQueued) == 1 ? Limits.OtherWork : null);

    public static ReplicaShell Of(IGrainContext context)
    {
        if (context.GetComponent<ReplicaShell>() is { } existing) return existing;
        var shell = new ReplicaShell(context);
        context.SetComponent(shell);
        return shell;
    }

    /// <summary>Executes a caller's operation, through the incoming filters.</summary>
    public Task<CallReply> ExecuteAsync(Operation operation) => WithReplicaAsync(replica => _operations!.ExecuteAsync(replica, operation));

    /// <summary>Executes a caller's read; a copy of one that is under way joins it.</summary>
    public async Task<CallReply> ReadAsync(ReadRequest request) =>
        await WithReplicaAsync(replica => _reads.RunAsync(request, replica.ReadAsync));

    /// <summary>The replica, recovered from its log. Begins at the first call; a start that failed is tried again at the next.</summary>
    public Task<Replica> StartedAsync()
    {
        if (_end is not null) return Task.FromException<Replica>(new SiloUnavailableException("This replica's activation has ended."));
        return _started is null or { IsFaulted: true } ? _started = StartAsync() : _started;
    }

    /// <summary>
    /// What the replica says to a caller. One that cannot start (its log is damaged, its state cannot be restored) says so: the caller
    /// need not wait for it (W8).
    /// </summary>
    private async Task<CallReply> WithReplicaAsync(Func<Replica, Task<CallReply>> ask)
    {
        Replica replica;
        try
        {
            replica = await StartedAsync();
        }
        catch (Exception e) when (e is not (SiloUnavailableException or OperationCanceledException))
        {
            var message = $"This replica of {Group} cannot start: {e.GetType().Name}: {e.Message} This copy of the request was not taken.";
            return new CallReply { Kind = ReplyKind.NotTaken, Refusal = RefusalReason.Quarantined, Message = message };
        }

        return await ask(replica);
    }

    /// <summary>The activation ends: the replica gives up its office, and lets go of log and record before another one takes them up.</summary>
    public Task EndAsync() => _end ??= EndOnceAsync();

    public void PeerChanged() => Post(r => r.PeerChanged());

    public void MasterResigned(Epoch epoch) => Post(r => r.MasterResigned(epoch));

    public void SlaveStartedAnew(NodeId slave) => Post(r => r.SlaveStartedAnew(slave));

    public bool IsSlaveBehind(NodeId slave, TimeSpan before) => _replica?.IsSlaveBehind(slave, before) ?? false;

    public Task<DateTime?> UnsavedSinceAsync() => AskAsync(replica => Task.FromResult(replica?.UnsavedSince()));

    public Task SnapshotAsync() => AskAsync(async replica =>
    {
        if (replica is not null) await replica.SnapshotAsync();
        return true;
    });

    public void SnapshotWanted() => Post(r => r.SnapshotWanted());

    public void PlacesChanged()
    {
        if (_replica is { HasTooFewReplicas: true }) Post(r => r.PlacesChanged());
    }

    public void Fail(string reason, Exception error) => Post(r => r.Fail(reason, error));

    public void Leave(string reason) => Post(r => r.Leave(reason));

    public void Resign(string reason) => Post(r => r.Resign(reason));

    /// <summary>The office is given up without the blocked thread; the rest follows when it goes on, if it ever does.</summary>
    public void Blocked(string reason)
    {
        _replica?.Blocked(reason);
        Fail(reason, new TurnOverrunException(reason));
    }

    public void Tick()
    {
        if (Interlocked.Exchange(ref _tickQueued, 1) == 1) return;
        Post(r =>
        {
            Volatile.Write(ref _tickQueued, 0);
            r.Tick();
        });
    }

    private void Post(Action<Replica> action) => _context.Scheduler.QueueAction(() =>
    {
        if (_replica is not { } replica) return;
        try
        {
            action(replica);
        }
        catch (Exception e)
        {
            replica.Unexpected("what its silo told it", e); // Orleans would drop it
        }
    });

    /// <summary>In the replica's own thread; null where it has not started.</summary>
    private Task<T> AskAsync<T>(Func<Replica?, Task<T>> ask)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _context.Scheduler.QueueAction(() => Discarded.Observe(AnswerAsync(), answer.SetException));
        return answer.Task;

        async Task AnswerAsync() => answer.SetResult(await ask(_replica));
    }

    private async Task<Replica> StartAsync()
    {
        var running = _node.Running ?? throw new SiloUnavailableException("This silo's log is not open yet.");
        var services = _context.ActivationServices;
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Orleans.MasterSlave.Replica");
        var previous = running.EndOfPrevious(Group);
        if (previous is not null) await previous;
        var log = OpenLog(running, logger);
        var marks = running.Marks.Of(Group);
        var grain = new GrainObject(
            _context, Turns, services.GetRequiredService<CallSerializer>(), services.GetRequiredService<Serializer>(), Limits,
            services.GetRequiredService<IncomingFilters>(), marks, logger);
        _operations = grain.Operations(running.Limits.MaxOperationsInFlight);
        var replica = new Replica(new ReplicaEnvironment
        {
            Group = Group,
            Liveness = running.Liveness,
            Listener = this,
            Log = log,
            Coordinator = running.Coordinators.Of(Group),
            Links = new ReplicaLinks(Group, running.Nodes, services.GetRequiredService<IGrainFactory>()),
            Object = grain,
            Marks = marks,
            Time = services.GetRequiredService<TimeProvider>(),
            Clock = running.Clock,
            Limits = running.Limits,
            Events = new ReplicaEvents(Group, running.Metrics, running.ReplayedVersions, logger),
            NextClaimNumber = running.NextClaimNumber,
            NewBirth = () => new GroupBirth(IdSource.NewGuid()),
            NewDrawKey = IdSource.NewDrawKey,
            Version = running.Version,
            Search = running.SearchFor(Group),
            PreviousLifeProvedDead = running.Lease.EarlierLifeProvedDead,
            MayActAlone = running.Lease.MayActAlone,
            Locate = running.Nodes.AddressOf,
            Places = new ReplicaPlaces(Group, running.Nodes, services.GetRequiredService<IClusterManifestProvider>()),
        });
        await replica.StartAsync(isFirst: previous is null);
        if (_end is not null) return replica; // the end waits for the start, and ends what came of it
        _replica = replica;
        running.Add(this);
        replica.Tick();
        return replica;
    }

    private Task EndOnceAsync()
    {
        if (_started is null || _node.Running is not { } running) return Task.CompletedTask;
        var end = LetGoAsync(_started);
        running.Remove(this, end);
        return end;
    }

    private static async Task LetGoAsync(Task<Replica> started)
    {
        await ((Task)started).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (started.IsCompletedSuccessfully) await started.Result.EndAsync("its activation ends");
    }

    private IReplicaLog OpenLog(RunningNode running, ILogger logger)
    {
        try
        {
            return running.OpenLog(Group);
        }
        catch (Exception e)
        {
            logger.LogError(e, "The log of group {Group} cannot be opened; this replica does not serve.", Group);
            throw;
        }
    }
}
