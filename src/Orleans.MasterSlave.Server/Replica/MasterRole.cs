using System.IO.Hashing;
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
    private readonly EntryClock _clock;
    private readonly FirstState _firstState;
    private readonly StateWatch _watch;
    private readonly DigestMarks _digests;
    private readonly TimeSpan _lastSessionTime; // of the last entry inherited
    private LogIndex _barrier;
    private TimeSpan? _farAheadSince;
    private bool _beganServing;
    private readonly TimeSpan _began;
    private long _servesSince = long.MaxValue; // ticks; read by the heartbeats' thread
    private volatile bool _ended;     // read by the heartbeats' thread
    private volatile bool _withdrawn;

    public MasterRole(ReplicaEnvironment env, GroupRecord record, CommitExecutor commit, SessionTable sessions, IMastershipOwner owner, StateWatch watch)
    {
        _watch = watch;
        _digests = new DigestMarks(record.Replicas.Length > 1 ? env.Limits.Digests : new DigestTrigger(0), () => env.Now);
        watch.Took = _digests.Took;
        _env = env;
        _commit = commit;
        _sessions = sessions;
        _owner = owner;
        Epoch = record.Epoch;
        _replicator = record.Mode == ReplicationMode.Synchronous ? new SyncReplicator() : new AsyncReplicator();
        _pending = new PendingAnswers(env.Limits);
        _lastSessionTime = env.Log.Last.Index > env.Log.Base.Index ? env.Log.Read(env.Log.Last.Index, 1, int.MaxValue)[0].SessionTime : sessions.Time;
        _clock = new EntryClock(env.Clock, _lastSessionTime, () => env.Log.LastTimeUtc);
        _inSync = new InSyncKeeper(env, record, this, Advance, reason => owner.MastershipRefused(Epoch, reason), e => owner.MastershipFailed("the group record could not be changed", e));
        _firstState = new FirstState(env, commit, AppendImport);
        commit.Applied = OnApplied;
        commit.KeepFrom = _inSync.LargestNeeded;
        commit.Guard.Elsewhere = Judge;
        _began = env.Now;
    }

    public Epoch Epoch { get; }
    public GroupRecord Record => _inSync.Record;
    public LogIndex Stable => _commit.Stable;
    public StateDigest? Digest => _watch.Newest;
    public LogIndex Applied => _commit.Committed;

    /// <summary>The barrier is committed: everything inherited is applied, and operations are taken (W7).</summary>
    public bool IsServing => _serving.Task.IsCompletedSuccessfully && !_withdrawn;
    public Task Serving => _serving.Task;

    /// <summary>The import of the group's first state comes before all service (G12).</summary>
    public FirstState FirstState => _firstState;
    public bool HasRoom => _pending.HasRoom;
    public bool EnoughInSync => _inSync.EnoughToAccept;
    public bool LeaseIsValid => !_withdrawn && _inSync.LeaseIsValid;

    /// <summary>It is not alone in sync, or holds the node's lease (I2).</summary>
    public bool MayAnswer => _inSync.MayAnswer;

    /// <summary>Recent enough for reads that may be stale (R2).</summary>
    public bool IsFresh => !_withdrawn && _inSync.LeaseWasValidAt(_env.Now - _env.Limits.MaxStaleness);

    /// <summary>
    /// In synchronous mode what is stable is on every in-sync replica, though this master may not have heard it from each: an inherited entry, or a
    /// slave that is just growing.
    /// </summary>
    public LogPositions Positions => new(_env.Log.DurableIndex, LargestReplicatedIndex, _commit.Committed);

    public LogIndex LargestReplicatedIndex => _replicator is SyncReplicator ? LogIndex.Max(Replicated, _commit.Stable) : Replicated;

    private LogIndex Replicated => _inSync.Replicated(_env.Log.DurableIndex);

    /// <summary>
    /// May the slave lack what was answered before? Until this master served, it did not know itself what was. From any thread: reads
    /// what is published, and cannot be wrong for longer than a heartbeat.
    /// </summary>
    public bool IsSlaveBehind(NodeId slave, TimeSpan before) =>
        _ended || _withdrawn || Volatile.Read(ref _servesSince) > before.Ticks || _inSync.IsSlaveBehind(slave, before);

    /// <summary>Something is under way that time alone may have to move.</summary>
    public bool IsUnsettled => !IsServing || _inSync.IsUnsettled || _pending.Count > 0 || _farAheadSince is not null;

    /// <summary>A request that is in flight or answered needs no admission: it is joined, or gets its answer again (W1).</summary>
    public bool Knows(Operation operation) => _pending.Find(operation.Id) is not null
        || _sessions.Lookup(operation.Id, operation.Known, ChecksumOf(operation), _clock.SessionTime).Standing is not (RequestStanding.New or RequestStanding.TableFull);

    /// <summary>Appends the barrier; operations are taken when it is committed (W7).</summary>
    public void Begin()
    {
        _barrier = _env.Log.Last.Index.Next();
        var timeUtc = _clock.BarrierTimeUtc();
        if (_clock.SetBack > TimeSpan.Zero) _env.Events.GroupTimeSetBack(_clock.SetBack);
        AppendControl(EntryKind.Barrier, new BarrierContent(_env.Limits.Sessions, _env.NewDrawKey(), _env.Version).ToBytes(), timeUtc, _lastSessionTime);
    }

    private void AppendControl(EntryKind kind, byte[] payload, DateTime timeUtc, TimeSpan sessionTime)
    {
        var entry = new LogEntry
        {
            Kind = kind,
            Position = new LogPosition(Epoch, _env.Log.Last.Index.Next()),
            TimeUtc = timeUtc,
            SessionTime = sessionTime,
            DataLossCount = Record.DataLossCount,
            Payload = payload,
        };
        Ship(_env.Log.AppendAsync([entry]));
    }

    private LogIndex AppendImport(byte[] content)
    {
        var sessionTime = _clock.SessionTime;
        AppendControl(EntryKind.Import, content, _clock.NextTimeUtc(), sessionTime);
        _clock.Stamped(sessionTime);
        return _env.Log.Last.Index;
    }

    /// <summary>Executes an operation that was admitted: once, whatever happens to the answer (W1, W3–W5).</summary>
    public Task<CallReply> ExecuteAsync(Operation operation)
    {
        var checksum = ChecksumOf(operation);
        WatchTime();
        if (_pending.Find(operation.Id) is { } inFlight) return inFlight.PayloadChecksum == checksum ? inFlight.Task : Task.FromResult(IdReused(operation.Id));
        var sessionTime = _clock.SessionTime;
        var (standing, answer) = _sessions.Lookup(operation.Id, operation.Known, checksum, sessionTime);
        switch (standing)
        {
            case RequestStanding.Answered:
                return _pending.AnswerKnown(operation.Id, checksum, Answer(answer!), MayAnswerNow);
            case RequestStanding.Expired:
                return Task.FromResult(Expired($"Request {operation.Id} knew of {operation.Known.Index}; clients active until {_sessions.Floor.Index} are forgotten."));
            case RequestStanding.TableFull:
                return Task.FromResult(Refusal(RefusalReason.SessionTableFull, "The group remembers as many clients or open answers as it may."));
            case RequestStanding.IdReused:
                return Task.FromResult(IdReused(operation.Id));
        }

        if (_env.Object.Admit(operation.Id, operation.Payload) is { } unreadable) // before the log (W8)
            return Task.FromResult(Refusal(LeaseIsValid ? RefusalReason.Unsupported : RefusalReason.None, unreadable)); // final only where it is certain
        var entry = new LogEntry
        {
            Kind = EntryKind.Operation,
            Position = new LogPosition(Epoch, _env.Log.Last.Index.Next()),
            TimeUtc = _clock.NextTimeUtc(),
            SessionTime = sessionTime,
            Request = operation.Id,
            AnsweredThrough = operation.AnsweredThrough,
            Known = operation.Known with { Birth = GroupBirth.None }, // of this group: it was asked before, and a log is of one only
            DataLossCount = Record.DataLossCount,
            Payload = operation.Payload,
            PayloadChecksum = checksum,
            Flags = _digests.Next(),
        };
        var durable = _env.Log.AppendAsync([entry]);
        if (durable.Exception?.InnerException is LogFullException full)
        {
            _env.Object.Forget(operation.Id);
            return Task.FromResult(Refusal(RefusalReason.DiskFull, full.Message)); // not written (W8)
        }

        _clock.Stamped(sessionTime);
        _inSync.Lag.Appended(entry);
        var reply = _pending.Add(entry);
        Ship(durable);
        return reply;
    }

    /// <summary>
    /// Appends, replicates and applies the word that the entry at which the group stopped is never to be run (W10). Not while a replica that
    /// may have executed it has not said that it has not, unless the operator takes that upon himself.
    /// </summary>
    public async Task<SkipReply> SkipAsync(LogPosition stopped, bool evenIfUnheard)
    {
        if (!evenIfUnheard && !_inSync.AllWereHeard) return Reply("not all of its replicas have been heard: one of them may have executed it");
        if (_inSync.AnyHasApplied(stopped.Index)) return Reply("another replica has executed it");
        if (_env.Log.SkipOf(stopped.Index) is null)
        {
            var entry = new LogEntry
            {
                Kind = EntryKind.Skip,
                Position = new LogPosition(Epoch, _env.Log.Last.Index.Next()),
                TimeUtc = _clock.NextTimeUtc(),
                SessionTime = _clock.SessionTime,
                DataLossCount = Record.DataLossCount,
                Payload = new SkipContent(stopped, "an operator's word").ToBytes(),
            };
            var durable = _env.Log.AppendAsync([entry]);
            if (durable.Exception?.InnerException is LogFullException full) return Reply(full.Message);
            _clock.Stamped(entry.SessionTime);
            _inSync.Lag.Appended(entry);
            _env.Events.Skipped(stopped);
            Ship(durable);
        }

        await _commit.WaitForAsync(stopped.Index);
        return _ended ? new SkipReply { View = _owner.View } : new SkipReply { IsMaster = true, IsSkipped = true, View = _owner.View };

        SkipReply Reply(string why) => new() { IsMaster = true, Stopped = stopped, Reason = $"Entry {stopped} was not skipped: {why}.", View = _owner.View };
    }

    public void Tick()
    {
        WatchTime();
        if (_farAheadSince is { } since && _env.Now - since > EntryClock.Tolerance / 10)
            _owner.MastershipRefused(Epoch, "the group's time is far ahead of the clocks, and is set back by a new mastership");
        Advance();
    }

    /// <summary>
    /// From any thread: this mastership answers nobody any more, and nothing more becomes stable by it. Done before slaves hear that it
    /// is given up, and looked at after whatever is to be answered was executed (R3, L6).
    /// </summary>
    public void Withdraw() => _withdrawn = true;

    /// <summary>There are fewer replicas than the author asks for. From any thread.</summary>
    public bool HasTooFewReplicas => _inSync.HasTooFewReplicas;

    /// <summary>Silos or their classes came or went: there may be a node for another replica (G8).</summary>
    public void PlacesChanged()
    {
        _inSync.PlacesChanged();
        Advance();
    }

    public void SlaveStartedAnew(NodeId slave) => _inSync.SlaveStartedAnew(slave);

    /// <summary>Ends this mastership: nothing more is answered; who waits is told that the outcome is not known (W8).</summary>
    public void End()
    {
        _ended = true;
        _inSync.Stop();
        _commit.Applied = null;
        _commit.EndMastership();
        _commit.KeepFrom = CommitExecutor.Everything;
        _firstState.End();
        _serving.TrySetCanceled();
        _pending.FailAll(new CallReply { Kind = ReplyKind.Unknown, Message = "The master lost its office before the outcome was known.", View = _owner.View, Birth = Record.Birth });
    }

    public MasterHeader HeaderFor(NodeId slave) =>
        new(_env.Self, _env.Liveness.Store, Epoch, Record.DataLossCount, Record.Version, Record.IsInSync(slave)) { Birth = Record.Birth, Level = Record.Level, Receiver = slave };

    public async Task<LogSnapshot?> FreshSnapshotAsync()
    {
        await _commit.SnapshotAsync();
        return _env.Log.Snapshot;
    }

    public LogIndex AppliedFor(LogIndex held) =>
        _env.Log.SkippedAcross(held) is { } skipped ? LogIndex.Min(_commit.Committed, skipped.Previous()) : _commit.Committed;

    public void ChannelAdvanced() => Advance();

    public void RefusedBy(NodeId slave, Epoch promised)
    {
        if (!_ended) _owner.MastershipRefused(Epoch, $"{slave} has promised {promised}");
    }

    public void Discard(Task task, string what) => _owner.Discard(task, what);

    public void LogUnreadable(IOException error)
    {
        if (!_ended) _owner.MastershipFailed($"its log cannot be read back: {error.Message}", error);
    }

    /// <summary>Shipping starts in the same turn as the append to the own log: the two disks work at once.</summary>
    private void Ship(Task durable)
    {
        Discard(ObserveDurableAsync(durable), "waiting for the own disk");
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
        if (_ended || _withdrawn) return;
        var stable = _replicator.StablePoint(_commit.Stable, Progress);
        if (stable > _commit.Stable) _commit.SetStable(stable);
        else _commit.Look();
        if (_commit.Stopped is { } stop && _inSync.AnyInSyncHasApplied(stop.Entry.Index))
        {
            _owner.MastershipFailed($"entry {stop.Entry.Position} cannot be applied here, and another replica has applied it: {stop.Reason}", new InvalidOperationException(stop.Reason));
            return;
        }

        _commit.SetReplicated(LargestReplicatedIndex);
        _inSync.Look();
        _pending.Release(MayAnswerNow());
    }

    private ReplicationProgress Progress =>
        new(_env.Log.DurableIndex, Replicated, _inSync.EnoughRecorded, LeaseIsValid, _inSync.MayAnswer);

    private bool MayAnswerNow() => !_ended && !_withdrawn && _replicator.MayAnswer(Progress);

    private void OnApplied(IReadOnlyList<LogEntry> entries)
    {
        _inSync.AppliedMoved(); // published before anybody is answered by it
        foreach (var entry in entries)
        {
            if (entry.Kind == EntryKind.Import) _env.Events.FirstStateImported(entry.Position, ImportContent.Of(entry).State.Length);
            if (entry.Kind != EntryKind.Operation) continue;
            var answer = _sessions.AnswerOf(entry.Request);
            _pending.Applied(entry, answer is null ? Expired($"Request {entry.Request} was forgotten before its entry was applied, or its answer was given before.") : Answer(answer, entry.Index));
        }

        _env.Object.AnsweredOnMaster(entries);
        if (_commit.Committed >= _barrier && !_beganServing) Discard(BeginServingAsync(), "beginning to serve");
        _pending.Release(MayAnswerNow());
        _inSync.PumpAll();
    }

    /// <summary>
    /// Dares this master to apply an entry that failed before, here or elsewhere (W10)? Each slave that an entry needs has answered before it
    /// is stable, and said so; one that died of it is waited for a moment, if this node has.
    /// </summary>
    private EntryVerdict Judge(LogPosition entry, int here)
    {
        var elsewhere = _inSync.FailuresOf(entry);
        if (here + elsewhere == 0) return EntryVerdict.Run;
        if (_inSync.AnyHasApplied(entry.Index)) return EntryGuard.Survived(here);
        if (here + elsewhere >= EntryGuard.MostFailures) return EntryVerdict.Stop;
        return _inSync.AllWereHeard || _env.Now - _began >= _env.Limits.HearSuspicions ? EntryVerdict.RunAlone : EntryVerdict.Wait;
    }

    /// <summary>The grain hears of its new role before the first call of the mastership reaches it.</summary>
    private async Task BeginServingAsync()
    {
        _beganServing = true;
        if (!await _firstState.SettleAsync()) return;
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
        Volatile.Write(ref _servesSince, _env.Now.Ticks);
        _serving.TrySetResult();
        _env.Events.BecameMaster(Record);
    }

    private CallReply Answer(byte[] payload, LogIndex? index = null) =>
        new() { Kind = ReplyKind.Answered, Payload = payload, Token = TokenAt(index ?? _commit.Committed), Birth = Record.Birth };

    private SessionToken TokenAt(LogIndex index) => new(Record.DataLossCount, Epoch, index) { Birth = Record.Birth };

    /// <summary>Not in this log, nor in its session table. Without a lease that says nothing of what another master may have executed (W8).</summary>
    private CallReply Refusal(RefusalReason reason, string message) =>
        new() { Kind = LeaseIsValid || reason == RefusalReason.RequestExpired ? ReplyKind.Refused : ReplyKind.NotTaken, Refusal = reason, Message = message, Birth = Record.Birth };

    /// <summary>Whoever has no attempt out that may still be executed can send it again, under a new client id, with the token (W1).</summary>
    private CallReply Expired(string message) => new()
    {
        Kind = ReplyKind.Refused, Refusal = RefusalReason.RequestExpired, Message = message, Token = TokenAt(_commit.Committed), Birth = Record.Birth,
    };

    private CallReply IdReused(RequestId id) =>
        Refusal(RefusalReason.RequestIdReused, $"Request {id} is another operation of the same client id: two processes use it. Is one of them a copy of the other?");

    /// <summary>By which a retry is told from another operation: of what the client sent, whatever filters made of it since (W1).</summary>
    private static ulong ChecksumOf(Operation operation) => operation.SentChecksum ?? XxHash3.HashToUInt64(operation.Payload);

    /// <summary>Group time that has run away from the clocks stands still until a new mastership sets it back.</summary>
    private void WatchTime()
    {
        if (!IsServing || !_clock.IsFarAhead) _farAheadSince = null;
        else _farAheadSince ??= _env.Now;
    }
}
