using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Replication.Master;

/// <summary>
/// The master's slaves: which of them every entry needs, and when the record is to be changed (G5, G6). A slave leaves the required set only after
/// its shrink is settled, and enters it before its grow is begun: whatever the outcome of a swap, the required set covers it (G1).
/// </summary>
internal sealed class InSyncKeeper
{
    private readonly ReplicaEnvironment _env;
    private readonly IMasterOfSlaves _master;
    private readonly MasterClaim _claim;
    private readonly Action _changed;
    private readonly Action<string> _lost;
    private readonly Action<Exception> _failed;
    private volatile SlaveMembership[] _slaves; // replaced as a whole: also read from other threads
    private bool _swapping;  // one change of the record at a time
    private bool _leavingSelfAlone; // by a swap that is not settled
    private bool _stopped;
    private bool _placesChanged = true; // since it was last looked whether there is a node for another replica
    private readonly TimeSpan _began;
    private readonly AbsenceWatch _absences;

    public InSyncKeeper(ReplicaEnvironment env, GroupRecord record, IMasterOfSlaves master, Action changed, Action<string> lost, Action<Exception> failed)
    {
        _env = env;
        _master = master;
        _claim = record.Claim;
        _changed = changed;
        _lost = lost;
        _failed = failed;
        Record = record;
        _began = env.Now;
        _absences = new AbsenceWatch(env);
        Lag = new LagMeter(env.Limits.MaxSlaveLagBytes);
        _slaves = [.. record.Replicas.Where(n => n != env.Self.Node).Order().Select(Join)];
    }

    /// <summary>Hears of every operation that is appended.</summary>
    public LagMeter Lag { get; }

    /// <summary>The record as last settled.</summary>
    public GroupRecord Record { get; private set; }

    /// <summary>The settled record names as many as <c>MinInSync</c> (W4).</summary>
    public bool EnoughRecorded => Record.InSync.Length >= Record.MinInSync;

    /// <summary>New operations can become stable: enough are in sync, not counting those that are silent and may not be taken out (W8).</summary>
    public bool EnoughToAccept => EnoughRecorded && (GroupPolicy.MayShrink(Record) || Array.TrueForAll(_slaves, s => !s.Required || s.IsUsable));

    /// <summary>
    /// The record may name this node alone: then a process with a copy of its folder could take the group, and nobody would refuse it. So
    /// the node's own lease is needed (I2). A slave that is only about to come in sync is no help: the record does not name it yet.
    /// </summary>
    public bool MayAnswer => (Record.InSync.Length > 1 && !_leavingSelfAlone) || _env.MayActAlone(LoneAct.Answer);

    /// <summary>The lease is held from every required slave (L5).</summary>
    public bool LeaseIsValid
    {
        get
        {
            if (!MayAnswer) return false;
            foreach (var slave in _slaves)
                if (slave.Required && slave.LeaseUntil is null) return false;
            return true;
        }
    }

    /// <summary>The lease was held from every required slave at that moment, which is past, or later (R2). From any thread.</summary>
    public bool LeaseWasValidAt(TimeSpan moment) =>
        MayAnswer && Array.TrueForAll(_slaves, s => !s.Required || _env.Liveness.LastLeasedUntil(s.Channel.Slave, s.Channel.Confirmed) > moment);

    public bool IsUnsettled => _swapping || _absences.Waits || _slaves.Any(s => !s.Required || s.LeaseUntil is null || s.Channel.IsUnsettled);

    /// <summary>Largest index durable on the master and on every required slave.</summary>
    public LogIndex Replicated(LogIndex own)
    {
        foreach (var slave in _slaves)
            if (slave.Required) own = LogIndex.Min(own, slave.Channel.Acknowledged);
        return own;
    }

    /// <summary>Entries above the returned index are needed by slaves that lag by no more than the bound (D5).</summary>
    public LogIndex LargestNeeded()
    {
        var needed = _env.Log.Last.Index;
        foreach (var slave in _slaves)
        {
            if (slave.Channel.Travelling is { } at) needed = LogIndex.Min(needed, at); // what follows the snapshot is needed when it arrives (C4)
            else if (slave.Required || !IsLagging(slave)) needed = LogIndex.Min(needed, slave.Channel.Acknowledged);
        }
        return needed;
    }

    /// <summary>It lacks the stable point, though it acknowledged it.</summary>
    public void SlaveStartedAnew(NodeId slave) => Array.Find(_slaves, s => s.Channel.Slave == slave)?.Channel.TellAgain();

    /// <summary>More was applied, and is about to be answered.</summary>
    public void AppliedMoved()
    {
        foreach (var slave in _slaves) slave.Channel.AppliedMoved();
    }

    /// <summary>Every slave has answered, under this mastership.</summary>
    public bool AllWereHeard => Array.TrueForAll(_slaves, s => s.Channel.WasHeard);

    /// <summary>How often an entry has failed on the slaves' nodes, as far as they have said (W10).</summary>
    public int FailuresOf(LogPosition entry) => _slaves.Sum(s => s.Channel.Suspect is { } suspect && suspect.Position == entry ? suspect.Failures : 0);

    /// <summary>Has a slave applied the entry?</summary>
    public bool AnyHasApplied(LogIndex entry) => Array.Exists(_slaves, s => s.Channel.AppliedThere >= entry);

    /// <summary>Has one that may be master after this one?</summary>
    public bool AnyInSyncHasApplied(LogIndex entry) => Array.Exists(_slaves, s => s.Channel.AppliedThere >= entry && Record.IsInSync(s.Channel.Slave));

    /// <summary>
    /// May the slave lack what was stable before? So may each when the lease was not held then: another may be master, and this one not
    /// know. From any thread.
    /// </summary>
    public bool IsSlaveBehind(NodeId slave, TimeSpan before) =>
        !LeaseWasValidAt(before) || Array.Exists(_slaves, s => s.Channel.Slave == slave && s.Channel.IsBehind(before));

    public void PumpAll()
    {
        foreach (var slave in _slaves) slave.Channel.Pump();
    }

    /// <summary>Looks at every slave: pumps, and changes the record where it is time to.</summary>
    public void Look()
    {
        foreach (var slave in _slaves)
        {
            slave.Channel.Pump();
            slave.Look();
            if (_swapping || _stopped || _env.Liveness.CannotServe) continue;
            if (slave.Required && ((slave.IsOverdue && MayGoOnWithout(slave)) || (slave.IsStalled && _env.Liveness.MayJudge) || slave.Channel.SlaveFailed || slave.IsLeaving || (slave.Channel.WasMatched && IsLagging(slave)))) TakeOut(slave);
            else if (!slave.Required && slave.MayBeginToGrow) slave.BeginToGrow();
            if (slave.IsGrown) TakeIn(slave);
        }

        if (!_stopped) _absences.Look(Record, Missing);
        if (_placesChanged && !_swapping && !_stopped && !_env.Liveness.CannotServe) FillUp();
    }

    private IReadOnlyList<Absence> Missing() =>
    [
        .. _slaves.Where(s => !Record.IsInSync(s.Channel.Slave)).Select(s => s.Absence),
        .. Enumerable.Repeat(new Absence(null, AbsenceReason.NoNode, null), Math.Max(0, _env.Places.Wanted - Record.Replicas.Length)),
    ];

    private SlaveMembership Join(NodeId node)
    {
        _env.Liveness.AddSlave(node, _env.Listener);
        return new SlaveMembership(_env, new SlaveChannel(_env, _master, node)) { Required = Record.IsInSync(node) };
    }

    /// <summary>Takes one more node among the replicas, if they are too few. It comes in sync like any other, or never (G8).</summary>
    private void FillUp()
    {
        _placesChanged = false;
        if (!HasTooFewReplicas || _env.Places.Another(Record.Replicas) is not { } node) return;
        _placesChanged = true; // perhaps one is not enough
        _master.Discard(SwapAsync(() => _env.Coordinator.EnterAsync(_claim, node, _env.Places.Wanted), _ => Entered(node)), "taking another node among the replicas");
    }

    private void Entered(NodeId node)
    {
        if (!Record.Replicas.Contains(node) || Array.Exists(_slaves, s => s.Channel.Slave == node)) return;
        _slaves = [.. _slaves, Join(node)];
        _env.Events.Entered(node, Record);
    }

    /// <summary>There are fewer replicas than the author asks for. From any thread.</summary>
    public bool HasTooFewReplicas => _slaves.Length + 1 < _env.Places.Wanted;

    /// <summary>Silos or their classes came or went.</summary>
    public void PlacesChanged() => _placesChanged = true;

    public void Stop()
    {
        _stopped = true;
        _absences.End();
        foreach (var slave in _slaves)
        {
            slave.Channel.Stop();
            _env.Liveness.RemoveSlave(slave.Channel.Slave, _env.Listener);
        }
    }

    /// <summary>So far behind, in entries or in bytes, that the log is not kept for it (D5).</summary>
    private bool IsLagging(SlaveMembership slave) =>
        _env.Log.Last.Index - slave.Channel.Acknowledged > _env.Limits.MaxSlaveLagEntries || Lag.IsBeyondLimit(slave.Channel.Acknowledged);

    /// <summary>
    /// A master that hears nobody may be the one that is cut off, while callers reach the slave: the slave goes first. When it does not, though it had its wait, it is
    /// dead, and the master goes on alone. Of two nodes nobody can tell which one is cut off: there a new master keeps the group for a while, so that a link that
    /// comes and goes does not move it each time.
    /// </summary>
    private bool MayGoOnWithout(SlaveMembership slave)
    {
        if (!_env.Liveness.MayJudge) return false;
        if (_env.Liveness.IsHeard) return true;
        if (Record.Epoch > new Epoch(1) && _env.Now - _began < _env.Limits.HoldOff && _env.Liveness.KnowsOneOtherAtMost) return true;
        return _env.Now >= _env.Liveness.HadItsWait(slave.Channel.Slave, since: _began) + _env.Limits.TakeoverTime;
    }

    private void TakeOut(SlaveMembership slave)
    {
        if (!Record.IsInSync(slave.Channel.Slave))
        {
            slave.GiveUpGrowing(); // required by our own decision only: no swap was begun
            _changed();
        }
        else if (GroupPolicy.MayShrink(Record) && (slave.MaySwap || slave.IsLeaving) && (Record.InSync.Length > 2 || _env.MayActAlone(LoneAct.ShrinkToSelf)))
        {
            _leavingSelfAlone = Record.InSync.Length == 2; // the swap may land whatever is heard of it
            _master.Discard(SwapAsync(() => _env.Coordinator.ShrinkAsync(_claim, slave.Channel.Slave), before => Settled(slave, before)), "taking a slave out of sync");
        }
    }

    private void TakeIn(SlaveMembership slave)
    {
        if (Record.IsInSync(slave.Channel.Slave) || !slave.MaySwap) return;
        _master.Discard(SwapAsync(() => _env.Coordinator.GrowAsync(_claim, slave.Channel.Slave), before => Settled(slave, before)), "taking a slave into sync");
    }

    private async Task SwapAsync(Func<Task<GroupRecord>> swap, Action<GroupRecord> settled)
    {
        _swapping = true;
        try
        {
            var before = Record;
            var record = await swap();
            if (_stopped) return;
            if (record.Claim != _claim)
            {
                // The row has moved on: this mastership is over (G11). What was required stays so; nothing more becomes stable by it.
                _lost($"the record is at {record.Epoch}, held by {record.Master}");
                return;
            }

            if (record.Version >= Record.Version) Record = record;
            _leavingSelfAlone = false;
            settled(before);
        }
        catch (Exception e)
        {
            // A coordinator settles every swap, however long it takes; one that fails leaves the record unknown. No office on unknown ground (G1).
            if (!_stopped) _failed(e);
        }
        finally
        {
            _swapping = false;
        }

        if (!_stopped) _changed();
    }

    private void Settled(SlaveMembership slave, GroupRecord before)
    {
        var node = slave.Channel.Slave;
        var (wasIn, isIn) = (before.IsInSync(node), Record.IsInSync(node));
        slave.Channel.TellAgain(); // a resting slave would learn that it is in sync only from the record, and begin its wait then (L4)
        slave.Settled(isIn, changed: isIn != wasIn);
        if (isIn && !wasIn) _env.Events.Grown(node, Record);
        if (!isIn && wasIn) _env.Events.Shrunk(node, Record);
    }
}
