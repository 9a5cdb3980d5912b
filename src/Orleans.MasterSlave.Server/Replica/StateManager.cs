using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Replication.Slave;

namespace Orleans.MasterSlave.Replicas;

/// <summary>A replica's role, slave ↔ master, and every change of it; what it knows of its group. Runs in the replica's thread.</summary>
internal sealed class StateManager : IMastershipOwner
{
    private readonly ReplicaEnvironment _env;
    private readonly CommitExecutor _commit;
    private readonly SessionTable _sessions;
    private bool _resigned;

    public StateManager(ReplicaEnvironment env, CommitExecutor commit, SessionTable sessions)
    {
        _env = env;
        _commit = commit;
        _sessions = sessions;
        Succession = new Succession(env);
        Slave = new SlaveRole(env, Succession, this);
        Feed = new MasterFeed(env, commit, Slave);
        Watch = new StateWatch(env);
        commit.DigestHere = Watch.DigestAsync;
    }

    public Succession Succession { get; }
    public SlaveRole Slave { get; }
    public MasterFeed Feed { get; }

    /// <summary>Is this replica's state its master's?</summary>
    public StateWatch Watch { get; }

    /// <summary>The mastership in force; null: slave.</summary>
    public MasterRole? Master { get; private set; }
    public ReplicaRole Role => Master is null ? ReplicaRole.Slave : ReplicaRole.Master;

    /// <summary>The record as last read or settled by this replica; its newest epoch may be newer still.</summary>
    public GroupRecord? Record { get; private set; }

    /// <summary>Why this replica serves and follows nobody any more; null: it does.</summary>
    public string? Quarantined { get; private set; }

    /// <summary>It serves and follows nobody any more: quarantined, or its silo stops, or its activation ends.</summary>
    public bool IsOut => Quarantined is not null || _resigned;

    /// <summary>A mastership is about to be taken: the replica does not compete with itself.</summary>
    public bool TakingOffice { get; set; }

    public bool CanCompete => Master is null && !IsOut && !TakingOffice && !Watch.WantsState && !_env.Liveness.CannotServe && !_env.Liveness.IsLeaving;

    public GroupView? View
    {
        get
        {
            var record = Master?.Record ?? Record;
            if (record is null) return null;
            return new GroupView(
                _env.Group,
                Succession.Epoch,
                record.Version, // not a later one of which only the number was heard: this set would pass for that one's (G9)
                Succession.Master,
                [.. record.Replicas.Select(n => AddressOf(n, record.IsInSync(n)))]) { Birth = record.Birth };
        }
    }

    private ReplicaAddress AddressOf(NodeId node, bool inSync)
    {
        var address = _env.Locate(node);
        return new ReplicaAddress(node, address.Silo, inSync, address.StartCount, address.IsDown);
    }

    /// <summary>
    /// Takes in a record that was read or settled. False: it must not be obeyed (I1, I4). <paramref name="promisedBefore"/> is what was promised when
    /// the read began: a master met meanwhile makes the record old news, and not a store that went back.
    /// </summary>
    public bool Learn(GroupRecord record, Epoch promisedBefore)
    {
        if (record.Store != _env.Liveness.Store) return Refuse($"its group record is of store {record.Store}, this node's is {_env.Liveness.Store}");
        if (record.Level > FormatLevel.Known) return Refuse(NewerVersion("its group record", record.Level));
        if (GroupPolicy.FlawOf(record) is { } flaw) return Refuse($"its group record cannot be obeyed: {flaw}");
        if (record.Birth.IsOther(_env.Log.Birth)) return Refuse(AnotherBirth("its group record", record.Birth));
        if (record.Epoch < promisedBefore) return Refuse($"its group record is of {record.Epoch}, but {promisedBefore} was promised: the store was restored from a backup");
        if (record.Epoch < _env.Log.PromisedEpoch) return false;
        if (Record is null || record.Version > Record.Version) Record = record;
        if (Master is null) Succession.Learn(record.Epoch, record.Master, record.IsInSync(_env.Self.Node));
        return true;
    }

    /// <summary>Why this replica obeys neither a record nor a message of a level that it does not know.</summary>
    public static string NewerVersion(string what, int level) =>
        $"{what} is of format level {level}, and this version knows {FormatLevel.Known}: start this silo with the newer version. Nothing here is dropped";

    /// <summary>Why this replica obeys neither a record nor a message of another making of its group: an operator must choose between two groups (I4).</summary>
    public string AnotherBirth(string what, GroupBirth birth) =>
        $"{what} is of the group's birth {birth}, and this node holds data of {_env.Log.Birth}: the record was lost and the group made anew. Nothing here is " +
        "dropped. What to do: docs/operations.md, Quarantine";

    /// <summary>Takes the office that a settled swap of this process has given (G2): the promise is durable before anything is served.</summary>
    public async Task BecomeMasterAsync(GroupRecord record)
    {
        await Feed.IdleAsync();
        if (IsOut || _env.Liveness.IsLeaving || _env.Log.PromisedEpoch >= record.Epoch) return;
        await _env.Log.PromiseAsync(record.Epoch, record.Birth);
        await Feed.IdleAsync();
        if (IsOut || Master?.Epoch >= record.Epoch || _env.Log.PromisedEpoch != record.Epoch) return;
        StepDown($"succeeded by its own mastership of {record.Epoch}");
        if (record.DataLossCount > _env.Log.DataLossCount) _env.Events.DataLossPossible(record, _env.Log.Last, LogIndex.Max(Feed.HeardOf, _env.Log.Last.Index));
        Succession.Learn(record.Epoch, _env.Self.Node, inSync: true);
        Master = new MasterRole(_env, record, _commit, _sessions, this, Watch);
        Master.Begin();
        Settle();
    }

    public void StepDown(string reason)
    {
        if (EndMastership() is { } ended) _env.Events.SteppedDown(ended.Epoch, reason);
    }

    private MasterRole? EndMastership()
    {
        if (Master is not { } master) return null;
        Record = master.Record;
        master.End();
        TellOfTheEnd(master, _env.Log.Last);
        Master = null;
        Discard(_env.Object.RoleChangedAsync(ReplicaRole.Slave), "telling the grain of its role");
        Settle();
        return master;
    }

    public void Quarantine(string reason, Exception? error = null)
    {
        if (IsOut) return;
        Quarantined = reason;
        StepDown(reason);
        _env.Events.Quarantined(reason, error);
        Settle();
    }

    /// <summary>
    /// A master goes on without applying: an operator decides. A slave stops alone: its master has applied the entry (W10).
    /// </summary>
    public void StoppedAt(EntryStop stop)
    {
        if (IsOut) return;
        if (Master is null) Quarantine($"entry {stop.Entry.Position}, which its master has applied, cannot be applied here: {stop.Reason}");
        else _env.Events.StoppedAt(stop);
        Settle();
    }

    /// <summary>Gives up the office in order, and takes none any more (L6).</summary>
    public void Resign(string reason)
    {
        if (IsOut) return;
        _resigned = true;
        if (EndMastership() is { } ended) _env.Events.Resigned(ended.Epoch, reason);
        Settle();
    }

    /// <summary>
    /// The silo is about to stop: gives up the office in order, takes none any more, and goes on as a slave until its masters need it no
    /// longer (L6).
    /// </summary>
    public void Leave(string reason)
    {
        if (IsOut) return;
        if (EndMastership() is { } ended) _env.Events.Resigned(ended.Epoch, reason);
        Settle();
    }

    /// <summary>Nothing is watched, applied or written any more when this completes. After <see cref="Resign"/>.</summary>
    public async Task LetGoAsync()
    {
        Succession.LetGo();
        await Feed.IdleAsync();
        await _commit.EndAsync();
    }

    /// <summary>From any thread. First the permit to answer, then the resignation: a slave that hears of it serves at once (L6).</summary>
    public void Blocked(string reason)
    {
        if (Master is { } master)
        {
            master.Withdraw();
            TellOfTheEnd(master, end: null); // the log is the blocked thread's
        }

        _env.Events.Blocked(reason);
    }

    /// <summary>
    /// However it ended: this process is still heard for other groups, and vouches for this one no more. Also replicas out of sync may
    /// answer reads.
    /// </summary>
    private void TellOfTheEnd(MasterRole master, LogPosition? end) => _env.Liveness.Resign(
        new Resignation(_env.Group, master.Epoch, master.Record.Birth) { End = end }, master.Record.Replicas.Where(n => n != _env.Self.Node));

    public void MastershipRefused(Epoch epoch, string reason)
    {
        if (Master?.Epoch != epoch) return;
        StepDown(reason);
        Slave.LookNow();
        Settle();
    }

    public void MastershipFailed(string reason, Exception error) => Quarantine(reason, error);

    public void Discard(Task task, string what) => Discarded.Observe(task, e => Unexpected(what, e));

    public void Unexpected(string what, Exception error)
    {
        _env.Events.Unexpected(what, error); // also when it is out already, and is quarantined no second time
        Quarantine($"{what} failed unexpectedly", error);
    }

    /// <summary>Asks for time's help only while something is under way: a group at rest costs none.</summary>
    public void Settle()
    {
        var needed = !IsOut && (Master?.IsUnsettled ?? Slave.NeedsTicks);
        if (needed) _env.Liveness.StartTicks(_env.Listener);
        else _env.Liveness.StopTicks(_env.Listener);
    }

    private bool Refuse(string reason)
    {
        Quarantine(reason);
        return false;
    }
}
