using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Replicas;
using Orleans.Serialization;

namespace Orleans.MasterSlave.Shell;

/// <summary>
/// One replica in its activation: builds the core around the grain, and brings time and silo events into the activation's own thread. One for each
/// activation, shared by its extensions.
/// </summary>
internal sealed class ReplicaShell : IReplicaListener
{
    private readonly IGrainContext _context;
    private readonly MasterSlaveNode _node;
    private Task<Replica>? _started;
    private Replica? _replica;
    private int _tickQueued; // at most one tick waits in the activation's queue

    private ReplicaShell(IGrainContext context)
    {
        _context = context;
        _node = context.ActivationServices.GetRequiredService<MasterSlaveNode>();
        Group = ReplicaGrainId.TryParse(context.GrainId, out var group, out _)
            ? group
            : throw new MasterSlaveConfigurationException($"{context.GrainId} is not a replica's id: the caller lacks AddMasterSlave().");
        Turns = new TurnTickets(() => _context.ActivationServices.GetRequiredService<IGrainFactory>().GetGrain<IReplicaTurns>(_context.GrainId));
    }

    public GroupId Group { get; }
    public TurnTickets Turns { get; }

    public static ReplicaShell Of(IGrainContext context)
    {
        if (context.GetComponent<ReplicaShell>() is { } existing) return existing;
        var shell = new ReplicaShell(context);
        context.SetComponent(shell);
        return shell;
    }

    /// <summary>The replica, recovered from its log. Begins at the first call; a start that failed is tried again at the next.</summary>
    public Task<Replica> StartedAsync() => _started is null or { IsFaulted: true } ? _started = StartAsync() : _started;

    public void PeerChanged() => Post(r => r.PeerChanged());

    public void MasterResigned(Epoch epoch) => Post(r => r.MasterResigned(epoch));

    public void Fail(string reason, Exception error) => Post(r => r.Fail(reason, error));

    public void Resign(string reason) => Post(r => r.Resign(reason));

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
        if (_replica is { } replica) action(replica);
    });

    private async Task<Replica> StartAsync()
    {
        var running = _node.Running ?? throw new SiloUnavailableException("This silo's log is not open yet.");
        var services = _context.ActivationServices;
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Orleans.MasterSlave.Replica");
        var options = services.GetRequiredService<IOptions<MasterSlaveOptions>>().Value;
        var time = services.GetRequiredService<TimeProvider>();
        var log = OpenLog(running, logger);
        var replica = new Replica(new ReplicaEnvironment
        {
            Group = Group,
            Liveness = running.Liveness,
            Listener = this,
            Log = log,
            Coordinator = running.Coordinators.Of(Group),
            Links = new ReplicaLinks(Group, running.Nodes, services.GetRequiredService<IGrainFactory>()),
            Object = new GrainObject(
                _context, Turns, services.GetRequiredService<CallSerializer>(), services.GetRequiredService<Serializer>(),
                new TurnLimits(options.ApplyTimeout, options.TurnTimeout, time), logger),
            Time = time,
            Limits = running.Limits,
            Events = new ReplicaEvents(Group, running.Metrics, logger),
            NextClaimNumber = running.NextClaimNumber,
            PreviousLifeProvedDead = running.PreviousLifeProvedDead,
            Locate = running.Nodes.Locate,
        });
        await replica.StartAsync();
        _replica = replica;
        running.Add(this);
        replica.Tick();
        return replica;
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
