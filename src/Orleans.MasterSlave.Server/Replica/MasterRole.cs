using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Replication.Master;

namespace Orleans.MasterSlave.Replicas;

/// <summary>
/// One mastership of this replica: appends, replicates, decides what is stable, answers. Made for one epoch, by a settled swap of this process (G2);
/// ends for good with <see cref="End"/>. Its twin is <see cref="SlaveRole"/>. Runs in the replica's thread.
/// </summary>
internal sealed class MasterRole : IMasterOfSlaves
{
    private readonly ReplicaEnvironment _env;
    private readonly CommitExecutor _commit;
    private readonly SessionTable _sessions;
    private readonly IReplicator _replicator;
    private readonly IMastershipOwner _owner;
    private readonly InSyncKeeper _inSync;
    private readonly PendingAnswers _pending;
    private readonly TaskCompletionSource _serving = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LogIndex _barrier;
    private bool _beganServing;
    private bool _ended;

    public MasterRole(ReplicaEnvironment env, GroupRecord record, CommitExecutor commit, SessionTable sessions, IMastershipOwner owner)
    {
        _env = env;
        _commit = commit;
        _sessions = sessions;
        _owner = owner;
        Epoch = record.Epoch;
        _replicator = record.Mode == ReplicationMode.Synchronous ? new SyncReplicator() : new AsyncReplicator();
        _pending = new PendingAnswers(env.Limits);
        _inSync = new InSyncKeeper(env, record, this, Advance, reason => owner.MastershipRefused(Epoch, reason), e => owner.MastershipFailed("the group record could not be changed", e));
        commit.Applied = OnApplied;
        commit.KeepFrom = _inSync.LargestNeeded;
    }

    public Epoch Epoch { get; }
    public GroupRecord Record => _inSync.Record;
    public LogIndex Stable => _commit.Stable;

    /// <summary>The barrier is committed: everything inherited is applied, and operations are taken (W7).</summary>
    public bool IsServing => _serving.Task.IsCompletedSuccessfully;
    public Task Serving => _serving.Task;
    public bool HasRoom => _pending.HasRoom;
    public bool EnoughInSync => _inSync.EnoughToAccept;
    public bool LeaseIsValid => _inSync.LeaseIsValid;

    /// <summary>Recent enough for reads that may be stale (R2).</summary>
    public bool IsFresh => _inSync.LeaseWasValidWithin(_env.Limits.MaxStaleness);

    /// <summary>
    /// In synchronous mode what is stable is on every in-sync replica, though this master may not have heard it from each: an inherited entry, or a
    /// slave that is just growing.
    /// </summary>
    public LogPositions Positions => new(_env.Log.DurableIndex, LargestReplicatedIndex, _commit.Committed);

    public LogIndex LargestReplicatedIndex => _replicator is SyncReplicator ? LogIndex.Max(Replicated, _commit.Stable) : Replicated;

    private LogIndex Replicated => _inSync.Replicated(_env.Log.DurableIndex);

    /// <summary>Something is under way that time alone may have to move.</summary>
    public bool IsUnsettled => !IsServing || _inSync.IsUnsettled || _pending.Count > 0;

    /// <summary>A request that is in flight or answered needs no admission: it is joined, or gets its answer again (W1).</summary>
    public bool Knows(RequestId request) => _pending.Find(request) is not null || _sessions.IsKnown(request);

    /// <summary>Appends the barrier; operations are taken when it is committed (W7).</summary>
    public void Begin()
    {
        _barrier = _env.Log.Last.Index.Next();
        Ship(_env.Log.AppendAsync([new LogEntry
        {
            Kind = EntryKind.Barrier,
            Position = new LogPosition(Epoch, _barrier),
            TimeUtc = NextTime(),
            DataLossCount = Record.DataLossCount,
        }]));
    }

    /// <summary>Executes an operation that was admitted: once, whatever happens to the answer (W1, W3–W5).</summary>
    public Task<CallReply> ExecuteAsync(Operation operation)
    {
        if (_pending.Find(operation.Id) is { } inFlight) return inFlight;
        var (standing, answer) = _sessions.Lookup(operation.Id, operation.FirstSentUtc);
        switch (standing)
        {
            case RequestStanding.Answered:
                return _pending.AnswerKnown(operation.Id, Answer(answer!), MayAnswer);
            case RequestStanding.Expired:
                return Task.FromResult(Refusal(RefusalReason.RequestExpired, $"Request {operation.Id} is older than what is remembered of its client; it may have been executed."));
            case RequestStanding.TableFull:
                return Task.FromResult(Refusal(RefusalReason.SessionTableFull, "The group remembers as many clients or open answers as it may."));
        }

        var entry = new LogEntry
        {
            Kind = EntryKind.Operation,
            Position = new LogPosition(Epoch, _env.Log.Last.Index.Next()),
            TimeUtc = NextTime(),
            Request = operation.Id,
            AnsweredThrough = operation.AnsweredThrough,
            DataLossCount = Record.DataLossCount,
            Payload = operation.Payload,
        };
        var durable = _env.Log.AppendAsync([entry]);
        if (durable.Exception?.InnerException is LogFullException full) return Task.FromResult(Refusal(RefusalReason.DiskFull, full.Message)); // not written (W8)
        _inSync.Lag.Appended(entry);
        var reply = _pending.Add(entry);
        Ship(durable);
        return reply;
    }

    public void Tick() => Advance();

    /// <summary>Ends this mastership: nothing more is answered; who waits is told that the outcome is not known (W8).</summary>
    public void End()
    {
        _ended = true;
        _inSync.Stop();
        _commit.Applied = null;
        _commit.KeepFrom = CommitExecutor.Everything;
        _serving.TrySetCanceled();
        _pending.FailAll(new CallReply { Kind = ReplyKind.Unknown, Message = "The master lost its office before the outcome was known.", View = _owner.View });
    }

    public MasterHeader HeaderFor(NodeId slave) =>
        new(_env.Self, _env.Liveness.Store, Epoch, Record.DataLossCount, Record.Version, Record.IsInSync(slave));

    public void ChannelAdvanced() => Advance();

    public void RefusedBy(NodeId slave, Epoch promised)
    {
        if (!_ended) _owner.MastershipRefused(Epoch, $"{slave} has promised {promised}");
    }

    public void LogDamaged(IOException error)
    {
        if (!_ended) _owner.MastershipFailed("its log cannot be read back", error);
    }

    /// <summary>Shipping starts in the same turn as the append to the own log: the two disks work at once.</summary>
    private void Ship(Task durable)
    {
        _ = ObserveDurableAsync(durable);
        _inSync.PumpAll();
    }

    private async Task ObserveDurableAsync(Task durable)
    {
        try
        {
            await durable;
        }
        catch (LogFullException e)
        {
            _owner.MastershipRefused(Epoch, $"the barrier could not be logged: {e.Message}"); // taken up again when there is room
            return;
        }
        catch (Exception e)
        {
            _owner.MastershipFailed("the log failed", e);
            return;
        }

        Advance();
    }

    private void Advance()
    {
        if (_ended) return;
        var stable = _replicator.StablePoint(_commit.Stable, Progress);
        if (stable > _commit.Stable) _commit.SetStable(stable);
        _commit.SetReplicated(LargestReplicatedIndex);
        _inSync.Look();
        _pending.Release(MayAnswer());
    }

    private ReplicationProgress Progress =>
        new(_env.Log.DurableIndex, Replicated, _inSync.EnoughRecorded, _inSync.LeaseIsValid);

    private bool MayAnswer() => !_ended && _replicator.MayAnswer(Progress);

    private void OnApplied(IReadOnlyList<LogEntry> entries)
    {
        foreach (var entry in entries)
        {
            if (entry.Kind != EntryKind.Operation) continue;
            var answer = _sessions.AnswerOf(entry.Request);
            _pending.Applied(entry, answer is null ? Refusal(RefusalReason.RequestExpired, "Its answer was given before.") : Answer(answer, entry.Index));
        }

        _env.Object.AnsweredOnMaster(entries);
        if (_commit.Committed >= _barrier && !_beganServing) _ = BeginServingAsync();
        _pending.Release(MayAnswer());
        _inSync.PumpAll();
    }

    /// <summary>The grain hears of its new role before the first call of the mastership reaches it.</summary>
    private async Task BeginServingAsync()
    {
        _beganServing = true;
        try
        {
            await _env.Object.RoleChangedAsync(ReplicaRole.Master);
        }
        catch (Exception e)
        {
            if (!_ended) _owner.MastershipFailed("the grain could not be told of its role", e);
            return;
        }

        if (_ended) return;
        _serving.TrySetResult();
        _env.Events.BecameMaster(Record);
    }

    private CallReply Answer(byte[] payload, LogIndex? index = null) =>
        new() { Kind = ReplyKind.Answered, Payload = payload, Token = new SessionToken(Record.DataLossCount, Epoch, index ?? _commit.Committed) };

    /// <summary>Not in this log, nor in its session table. Without a lease that says nothing of what another master may have executed (W8).</summary>
    private CallReply Refusal(RefusalReason reason, string message) =>
        new() { Kind = LeaseIsValid || reason == RefusalReason.RequestExpired ? ReplyKind.Refused : ReplyKind.NotTaken, Refusal = reason, Message = message };

    private DateTime NextTime()
    {
        var now = _env.Time.GetUtcNow().UtcDateTime;
        return now > _env.Log.LastTimeUtc ? now : _env.Log.LastTimeUtc;
    }
}

/// <summary>What a mastership asks of its replica.</summary>
internal interface IMastershipOwner
{
    GroupView? View { get; }
    /// <summary>A slave obeys a newer master (G11).</summary>
    void MastershipRefused(Epoch epoch, string reason);

    /// <summary>This replica cannot serve any more (L6).</summary>
    void MastershipFailed(string reason, Exception error);
}
