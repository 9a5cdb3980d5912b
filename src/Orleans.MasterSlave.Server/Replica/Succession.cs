using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Replication.Slave;

namespace Orleans.MasterSlave.Replicas;

/// <summary>
/// A slave's patience with its master (L4): which master it watches, since when it waits, and when it may compete. Decides; does no I/O. What it has
/// promised is kept in the node, and binds the replicas after it.
/// </summary>
internal sealed class Succession
{
    private readonly ReplicaEnvironment _env;
    private bool _tellsOfItself; // started anew in a living process: the master is asked for the stable point until it is heard

    public Succession(ReplicaEnvironment env)
    {
        _env = env;
        TornTail = env.Log.HadTornTail;
        env.Liveness.Follow(env.Group, env.Listener);
    }

    private FollowedMaster Followed => _env.Liveness.Followed(_env.Group);

    public NodeId Master => Followed.Master;
    public Epoch Epoch => Followed.Epoch;

    /// <summary>Recovery cut a torn batch, and no master has made it good yet: others know more (D4).</summary>
    public bool TornTail { get; private set; }

    public void HoldsAllAcknowledged() => TornTail = false;

    /// <summary>From deciding to compete until the swap is settled: no lease is confirmed (L3).</summary>
    public bool Competing { get; private set; }

    /// <summary>
    /// The master's present process has confirmed this group, and was heard since: its silence alone ends patience, and that is told by the node.
    /// </summary>
    public bool IsSettled => Followed.ConfirmedLife > 0 && Followed.ConfirmedLife == _env.Liveness.LifeOf(Master) && LastHeard >= Followed.Since && !PatienceIsOver;

    /// <summary>The replicas of this process before this one have ended: listens to the master that they followed.</summary>
    public void TakeUp()
    {
        if (Master.IsNone || Master == _env.Self.Node) return;
        _env.Liveness.Watch(Master, _env.Listener);
        _env.Liveness.StartedAnew(_env.Group);
        _tellsOfItself = true;
    }

    public void Learn(Epoch epoch, NodeId master, bool inSync)
    {
        if (epoch < Epoch) return;
        if (epoch > Epoch || master != Master)
        {
            if (!Master.IsNone) _env.Liveness.Unwatch(Master, _env.Listener);
            _env.Liveness.HeardMaster(_env.Group, Master);
            if (master != _env.Self.Node) _env.Liveness.Watch(master, _env.Listener);
            Remember(new FollowedMaster { Master = master, Epoch = epoch, Since = _env.Now, InSync = inSync });
        }
        else if (inSync != Followed.InSync)
        {
            Remember(Followed with { InSync = inSync, Since = inSync ? _env.Now : Followed.Since });
        }
    }

    /// <summary>The master's process confirmed its epoch to this replica.</summary>
    public void Confirmed(NodeLife master)
    {
        if (_tellsOfItself && master.Node == Master)
        {
            _tellsOfItself = false;
            _env.Liveness.HeardMaster(_env.Group, Master);
        }

        if (master.Node == Master && master.StartCount > Followed.ConfirmedLife) Remember(Followed with { ConfirmedLife = master.StartCount });
    }

    /// <summary>
    /// This mastership was given up, or a later one was, of which nothing else may have come here: then it is over as well. Its process,
    /// which is heard for other groups, keeps nobody waiting and vouches for no read.
    /// </summary>
    public bool MasterResigned => Epoch > Epoch.None && ResignedEpoch >= Epoch;

    private Epoch ResignedEpoch => _env.Liveness.ResignedEpoch(_env.Group, _env.Log.Birth);

    public bool PatienceIsOver => MasterResigned || _env.Liveness.IsPatienceOver(Master, Followed.ConfirmedLife, Followed.Since);

    /// <summary>Is the state here no older than that, as far as the master's confirmed process has said, and this replica has applied it (R2)?</summary>
    /// <param name="span">How old the state may be.</param>
    /// <param name="told">What the master has told of stable points; null: nothing yet.</param>
    public bool IsFreshWithin(TimeSpan span, ToldSpan? told)
    {
        if (Followed.ConfirmedLife == 0 || MasterResigned || told is not { } applied) return false; // a former master's silo vouches for nothing
        var asOf = _env.Liveness.FreshAsOf(_env.Group, Master, Followed.ConfirmedLife, applied.Since, applied.UnappliedSince);
        return asOf != TimeSpan.MinValue && _env.Now - asOf <= span;
    }

    /// <summary>
    /// May this replica compete now, by the record as it was just read (G3, G4)? A node that finds itself named by an earlier life of its own need
    /// not wait when that life is proved dead, nothing newer was promised and nothing may be missing from the log's end.
    /// </summary>
    public bool MayCompete(GroupRecord record)
    {
        if (!record.IsInSync(_env.Self.Node)) return false;
        var wouldBeAlone = record.InSync.All(n => n == _env.Self.Node || n == record.Master);
        if (record.Master != _env.Self.Node && wouldBeAlone && !_env.MayActAlone(LoneAct.ShrinkToSelf)) return false; // the record would name nobody else (G3)
        if (record.Master != _env.Self.Node) return record.Epoch == Epoch && record.Master == Master && PatienceIsOver;
        if (!_env.MayActAlone(LoneAct.Retake)) return false; // another process may be this node
        if (record.Claim.Life == _env.Self) return true; // our own mastership, given up or refused: nobody else can hold it (G11)
        return PatienceIsOver || (_env.PreviousLifeProvedDead && !TornTail && _env.Log.PromisedEpoch == record.Epoch);
    }

    /// <summary>
    /// Everything that the former master's log held is on this disk, by the master's own word when it gave up: whatever it answered, nothing
    /// is lost (C5).
    /// </summary>
    public bool HoldsAllOf(GroupRecord record) => _env.Liveness.EndOf(_env.Group, record.Birth, record.Epoch) is { } end
        && _env.Log.EpochAt(end.Index) == end.Epoch && _env.Log.DurableIndex >= end.Index;

    /// <summary>Listens to no master any more. What was promised stays in the node.</summary>
    public void LetGo()
    {
        if (!Master.IsNone) _env.Liveness.Unwatch(Master, _env.Listener);
        _env.Liveness.Unfollow(_env.Group, _env.Listener);
    }

    /// <summary>A predecessor in this process may have begun to compete: as if this replica had (L3).</summary>
    public void BeginSettling() => Competing = true;

    /// <summary>False: the master was heard since <see cref="MayCompete"/> said yes, and nothing is begun.</summary>
    public bool TryBeginCompeting()
    {
        var gaveUpItsLease = ResignedEpoch == Epoch; // of this very mastership, which the record still shows
        var concernsLeases = Master != _env.Self.Node && !Master.IsNone && !gaveUpItsLease;
        if (concernsLeases && !_env.Liveness.TryBeginCompeting(Master, Followed.ConfirmedLife, Followed.Since)) return false;
        Competing = true;
        return true;
    }

    public void EndCompeting() => Competing = false;

    private TimeSpan LastHeard => Followed.ConfirmedLife > 0 ? _env.Liveness.LastHeard(Master, Followed.ConfirmedLife) : TimeSpan.MinValue;

    private void Remember(FollowedMaster followed) => _env.Liveness.Remember(_env.Group, followed);
}
