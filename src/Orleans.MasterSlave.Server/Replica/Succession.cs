using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;

namespace Orleans.MasterSlave.Replicas;

/// <summary>
/// A slave's patience with its master (L4): which master it watches, since when it waits, and when it may compete. Decides; does no I/O.
/// </summary>
internal sealed class Succession(ReplicaEnvironment env)
{
    private NodeId _master;            // whom this replica follows
    private long _confirmedLife;       // the start count under which that master confirmed this group to us; 0: none yet
    private TimeSpan _since = env.Now; // the latest of: own start, learning the epoch, learning that we are in sync
    private bool _inSync;
    private Epoch _resigned;

    public NodeId Master => _master;
    public Epoch Epoch { get; private set; }

    /// <summary>Recovery cut a torn batch, and no master has made it good yet: others know more (D4).</summary>
    public bool TornTail { get; private set; } = env.Log.HadTornTail;

    public void HoldsAllAcknowledged() => TornTail = false;

    /// <summary>From deciding to compete until the swap is settled: no lease is confirmed (L3).</summary>
    public bool Competing { get; private set; }

    /// <summary>
    /// The master's present process has confirmed this group, and was heard since: its silence alone ends patience, and that is told by the node.
    /// </summary>
    public bool IsSettled => _confirmedLife > 0 && _confirmedLife == env.Liveness.LifeOf(_master) && LastHeard >= _since && !PatienceIsOver;

    public void Learn(Epoch epoch, NodeId master, bool inSync)
    {
        if (epoch < Epoch) return;
        if (epoch > Epoch || master != _master)
        {
            if (!_master.IsNone) env.Liveness.Unwatch(_master, env.Listener);
            if (master != env.Self.Node) env.Liveness.Watch(master, env.Listener);
            Epoch = epoch;
            _master = master;
            _confirmedLife = 0;
            _since = env.Now;
        }
        else if (inSync && !_inSync)
        {
            _since = env.Now;
        }

        _inSync = inSync;
    }

    /// <summary>The master's process confirmed its epoch to this replica.</summary>
    public void Confirmed(NodeLife master)
    {
        if (master.Node == _master && master.StartCount > _confirmedLife) _confirmedLife = master.StartCount;
    }

    public void Resigned(Epoch epoch)
    {
        if (epoch > _resigned) _resigned = epoch;
    }

    public bool MasterResigned => _resigned == Epoch && Epoch > Epoch.None;

    public bool PatienceIsOver => MasterResigned || env.Now >= Max(LastHeard, _since) + env.Liveness.Times.PromotionWait;

    /// <summary>Was the master's confirmed process heard lately enough to answer reads (R2)?</summary>
    public bool HeardWithin(TimeSpan span) => LastHeard != TimeSpan.MinValue && env.Now - LastHeard <= span;

    /// <summary>
    /// May this replica compete now, by the record as it was just read (G3, G4)? A node that finds itself named by an earlier life of its own need
    /// not wait when that life is proved dead, nothing newer was promised and nothing may be missing from the log's end.
    /// </summary>
    public bool MayCompete(GroupRecord record)
    {
        if (!record.IsInSync(env.Self.Node)) return false;
        if (record.Master != env.Self.Node) return record.Epoch == Epoch && record.Master == _master && PatienceIsOver;
        if (record.Claim.Life == env.Self) return true; // our own mastership, given up or refused: nobody else can hold it (G11)
        return PatienceIsOver || (env.PreviousLifeProvedDead && !TornTail && env.Log.PromisedEpoch == record.Epoch);
    }

    /// <summary>Listens to no master any more.</summary>
    public void LetGo()
    {
        if (!_master.IsNone) env.Liveness.Unwatch(_master, env.Listener);
    }

    /// <summary>False: the master was heard since <see cref="MayCompete"/> said yes, and nothing is begun.</summary>
    public bool TryBeginCompeting()
    {
        var concernsLeases = _master != env.Self.Node && !_master.IsNone && !MasterResigned;
        if (concernsLeases && !env.Liveness.TryBeginCompeting(_master, _confirmedLife, _since)) return false;
        Competing = true;
        return true;
    }

    public void EndCompeting() => Competing = false;

    private TimeSpan LastHeard => _confirmedLife > 0 ? env.Liveness.LastHeard(_master, _confirmedLife) : TimeSpan.MinValue;

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
