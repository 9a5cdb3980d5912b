using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Shell;
using Orleans.MasterSlave.Simulated.Disk;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Nodes;

/// <summary>A replica in its shell: liveness calls it through its node's lane.</summary>
internal sealed class SimReplica : IReplicaListener, IWatchedReplica
{
    private readonly SimSilo _silo;
    private readonly SimGroup _group;

    public SimReplica(SimSilo silo, SimGroup group, SimDisk disk, SimObject target, Func<SimReplica, ReplicaEnvironment> environment)
    {
        (_silo, _group, Disk, Object) = (silo, group, disk, target);
        Thread = new ThreadProbe(silo.Lane.Post);
        Log = new OwnedLog(disk);
        Replica = new Replica(environment(this));
    }

    public Replica Replica { get; }

    /// <summary>As in a silo's shell: a copy of a read that is under way joins it.</summary>
    public RunningReads Reads { get; } = new();
    public SimDisk Disk { get; }
    public OwnedLog Log { get; }
    public SimObject Object { get; }
    public GroupId Group => _group.Id;

    public ThreadProbe Thread { get; }

    /// <summary>User code that keeps its thread, if the history has such.</summary>
    public OpenTurn? UnderWay => HasStarted ? _silo.Blocking : null;

    /// <summary>What the node tells a replica reaches it only once it has recovered.</summary>
    public bool HasStarted { get; set; }

    public void PeerChanged() => Post(Replica.PeerChanged);
    public void MasterResigned(Epoch epoch) => Post(() => Replica.MasterResigned(epoch));
    public void SlaveStartedAnew(NodeId slave) => Post(() => Replica.SlaveStartedAnew(slave));
    public bool IsSlaveBehind(NodeId slave, TimeSpan before) => Replica.IsSlaveBehind(slave, before);
    public void Tick() => Post(Replica.Tick);

    /// <summary>The watch found its thread blocked; it is quarantined when that goes on.</summary>
    public bool WasBlocked { get; private set; }

    public void Blocked(string reason)
    {
        WasBlocked = true;
        Replica.Blocked(reason);
        _silo.WhenResumed(() => Post(() => Replica.Fail(reason, new TimeoutException(reason))));
    }

    private void Post(Action action) => _silo.Lane.Post(() =>
    {
        if (HasStarted) action();
    });

    /// <summary>What a silo would tell it when nodes come, and the check.</summary>
    public void Look()
    {
        if (HasStarted && Replica.HasTooFewReplicas) Replica.PlacesChanged();
        Check();
    }

    /// <summary>The invariants of the three pointers (ARCHITECTURE).</summary>
    public void Check()
    {
        if (!HasStarted) return;
        var status = Replica.Status();
        var (received, replicated, committed) = (status.Received, status.Replicated, status.Committed);
        // A slave that takes back what was lost asynchronously has cut its log before its state is rebuilt.
        var holds = status.Role == ReplicaRole.Slave ? received == replicated && (committed <= received || _group.Plan.Mode == ReplicationMode.Asynchronous)
            : _group.Plan.Mode == ReplicationMode.Synchronous ? committed <= replicated && replicated <= received
            : replicated <= received && committed <= received;
        SimulationException Broken() => new($"Node {_silo.Index} of {Group}, {status.Role}: received {received}, replicated {replicated}, committed {committed}");
        if (!holds) _silo.Lane.Scheduler.Fail(Broken());
    }
}
