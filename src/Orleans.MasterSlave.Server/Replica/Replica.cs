using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Replication;

namespace Orleans.MasterSlave.Replicas;

/// <summary>
/// One replica of a group: what callers, other replicas and time do to it. Plain and single-threaded; a grain extension in a silo, or the
/// simulation, is the shell around it. Never run user code from one of these calls' own turns: <see cref="IReplicatedObject"/> does.
/// </summary>
internal sealed class Replica
{
    private readonly ReplicaEnvironment _env;
    private readonly CommitExecutor _commit;
    private readonly StateManager _state;
    private readonly Founding _founding;

    public Replica(ReplicaEnvironment env)
    {
        _env = env;
        var sessions = new SessionTable();
        _commit = new CommitExecutor(env.Log, env.Object, sessions, env.Marks, env.Limits.Snapshots, e => _state!.Quarantine($"{(e is IOException ? "its log failed" : "an entry could not be applied")}: {e.Message}", e), env.Events.SnapshotFailed);
        _state = new StateManager(env, _commit, sessions);
        _commit.Stopping = _state.StoppedAt;
        _founding = new Founding(env, _state, Look);
        _commit.Applying = version =>
        {
            if (version.Application != env.Version.Application) env.Events.AppliesForVersion(version);
        };
    }

    public GroupView? View => _state.View;

    /// <summary>The record as this replica knows it.</summary>
    public GroupRecord? Record => _state.Master?.Record ?? _state.Record;

    public ReplicaRole Role => _state.Role;

    /// <summary>The entry that nothing is applied from on, before an operator has decided; null: none (W10).</summary>
    public LogPosition? StoppedAt => _commit.Stopped?.Entry.Position;

    /// <summary>As <see cref="Liveness.IReplicaListener.IsSlaveBehind"/>: from any thread.</summary>
    public bool IsSlaveBehind(NodeId slave, TimeSpan before) => _state.Master?.IsSlaveBehind(slave, before) ?? false;

    /// <summary>True while this replica is master and takes operations.</summary>
    public bool IsServing => _state.Master?.IsServing ?? false;

    public ReplicaStatus Status()
    {
        var positions = _state.Master?.Positions ?? new LogPositions(_env.Log.DurableIndex, _env.Log.DurableIndex, _commit.Committed);
        return new ReplicaStatus(
            _env.Self, _state.Role, _env.Log.PromisedEpoch, _env.Log.Last,
            positions.LargestReceivedIndex, positions.LargestReplicatedIndex, positions.LargestCommittedIndex, _state.Quarantined) { Birth = Birth };
    }

    /// <summary>Recovers the state from the log, and begins to look for the record and the master.</summary>
    /// <param name="isFirst">False: this process had a replica of the group before. What that one began to change in the record is
    /// settled, and known here, before anything is confirmed to a master (L3).</param>
    public async Task StartAsync(bool isFirst = true)
    {
        try
        {
            _state.Succession.TakeUp();
            if (!isFirst) _state.Slave.SettlePredecessor();
            await _commit.RestartAsync();
        }
        catch
        {
            _state.Succession.LetGo(); // another replica takes its place
            throw;
        }

        Look();
    }

    /// <summary>Gives up the office and everything else; completes when nothing of this replica touches the log any more.</summary>
    public async Task EndAsync(string reason)
    {
        _state.Resign(reason);
        await _state.LetGoAsync();
    }

    /// <summary>Makes the group, with this replica as its first master (G2). The record as it is then, whoever made it.</summary>
    public Task<CreateReply> CreateAsync(GroupPlan plan) => _founding.CreateAsync(plan);

    public async Task<CallReply> ExecuteAsync(Operation operation)
    {
        if (await DeclineAsync(operation) is { } declined) return declined;
        var reply = _state.Master!.ExecuteAsync(operation);
        _state.Settle();
        return WithNews(await reply, operation.SeenVersion);
    }

    /// <summary>Why this replica does not execute the operation; null: it would, at this moment.</summary>
    public async ValueTask<CallReply?> DeclineAsync(Operation operation)
    {
        var decision = Decide(operation);
        if (decision == ServerDecision.AwaitBarrier)
        {
            await ServesAsync(_state.Master!);
            decision = Decide(operation);
        }

        if (decision != ServerDecision.Execute) return Decline(decision);
        if (operation.Broken == 0 || _state.Master!.Knows(operation)) return null;
        return _env.Object.TryOut(operation.Payload) is { } deadly ? Refusal(RefusalReason.Unsupported, deadly) : null;
    }

    /// <summary>It is in flight here, or was executed, or may have been (W1).</summary>
    public bool Knows(Operation operation) => _state.Master?.Knows(operation) ?? false;

    /// <summary>Null: no copy of an operation that is not known here was executed. Otherwise nobody can tell here, and it is tried elsewhere, or later (W8).</summary>
    public CallReply? DeclineUnlessCertain() =>
        ServerPolicy.KnowsOfNoCopy(Standing()) ? null : Refusal(RefusalReason.None, $"This replica of {_env.Group} is not its serving master any more.");

    /// <summary>As many operations as the group admits wait before they come to the log.</summary>
    public CallReply Overloaded() => Decline(ServerDecision.RefuseOverloaded);

    public async Task<CallReply> ReadAsync(ReadRequest request)
    {
        var decision = ServerPolicy.ForRead(Standing(), request, IsOfThisGroup(request.Birth, request.Token));
        if (decision == ServerDecision.AwaitBarrier)
        {
            var serves = await ServesAsync(_state.Master!);
            decision = ServerPolicy.ForRead(Standing(), request, IsOfThisGroup(request.Birth, request.Token));
            if (!serves && decision != ServerDecision.RefuseNoFirstState) return Redirect();
        }

        if (decision != ServerDecision.Execute) return Decline(decision);
        if (request.PositionOnly) return new CallReply { Kind = ReplyKind.Answered, Token = TokenAt(_commit.Committed), Birth = Birth };
        if (request.Broken > 0 && _env.Object.TryOut(request.Payload) is { } deadly) return Refusal(RefusalReason.Unsupported, deadly);
        if (!request.Diagnostic && IsLost(request.Token))
        {
            _env.Events.TokenLost(refused: request.StrictSession);
            if (request.StrictSession)
                return new CallReply { Kind = ReplyKind.Refused, Refusal = RefusalReason.TokenLost, Message = $"It had seen {request.Token.Index} of {request.Token.Epoch}.", View = View, Birth = Birth };
        }

        var master = _state.Master; // the mastership that serves this read; one that follows it may not have caught up yet
        if (!request.Diagnostic && !await SeesAsync(request.Token)) return Standing().IsStopped ? Decline(ServerDecision.RefuseStopped) : Redirect();
        var losses = _env.Log.DataLossCount;
        var seen = _commit.Committed; // at least
        var payload = await _env.Object.ReadAsync(request.Payload);
        if (losses != _env.Log.DataLossCount && !request.Diagnostic) return Redirect(); // a token of after the loss would vouch for what was lost (R1)
        // Executed first, then checked (R3): while the lease was valid after the execution, nobody else was master during it.
        if (request.MasterOnly && (master is null || master != _state.Master || !master.LeaseIsValid)) return Redirect();
        if (!request.Diagnostic && !IsFresh(seen)) return Redirect(); // executing took its time, or the process slept (R2)
        return WithNews(new CallReply { Kind = ReplyKind.Answered, Payload = payload, Token = TokenAt(_commit.Visible), Birth = Birth }, request.SeenVersion);
    }

    /// <summary>A caller whose view is of an older record hears of replicas that came in sync, though nobody refused it (G9).</summary>
    private CallReply WithNews(CallReply reply, long seen) =>
        seen > 0 && reply is { Kind: ReplyKind.Answered, View: null } && Record?.Version > seen && View is { } view ? reply.With(view) : reply;

    public async Task<AppendReply> OnAppendAsync(AppendRequest request)
    {
        try
        {
            return await _state.Feed.OnAppendAsync(request) with { By = _env.Self.Node, Trouble = _state.Quarantined };
        }
        finally
        {
            _state.Settle();
        }
    }

    public async Task<InstallReply> OnInstallAsync(InstallRequest request)
    {
        try
        {
            return await _state.Feed.OnInstallAsync(request) with { By = _env.Self.Node };
        }
        finally
        {
            _state.Settle();
        }
    }

    public void Tick() => Look();

    public void PeerChanged()
    {
        _state.Slave.LookNow();
        Look();
    }

    public void SlaveStartedAnew(NodeId slave)
    {
        _state.Master?.SlaveStartedAnew(slave);
        Look();
    }

    /// <summary>It is a master of fewer replicas than the author asks for. From any thread.</summary>
    public bool HasTooFewReplicas => _state.Master?.HasTooFewReplicas ?? false;

    /// <summary>Silos or their classes came or went.</summary>
    public void PlacesChanged()
    {
        _state.Master?.PlacesChanged();
        _state.Settle();
    }

    public void MasterResigned(Epoch epoch)
    {
        if (epoch < _state.Succession.Epoch) return;
        _state.Slave.LookNow();
        Look();
    }

    /// <summary>The silo's log failed: this replica serves and follows no more (D2, L6).</summary>
    public void Fail(string reason, Exception error) => _state.Quarantine(reason, error);

    /// <summary>
    /// From any thread: user code blocks the replica's own. Nothing is answered by its mastership from here on, and then its slaves are
    /// told that they need not wait (L6). To be followed by <see cref="Fail"/> in the replica's thread.
    /// </summary>
    public void Blocked(string reason)
    {
        _env.Marks.FailCurrent();
        _state.Blocked(reason);
    }

    /// <summary>
    /// Something here failed that nobody waits for and that should not fail: this replica cannot be trusted any more (L6).
    /// </summary>
    public void Unexpected(string what, Exception error) => _state.Unexpected(what, error);

    /// <summary>The silo's log keeps old segments for this group: take a snapshot when one can be taken (D5).</summary>
    public void SnapshotWanted()
    {
        if (!_state.IsOut) _commit.WantSnapshot();
    }

    /// <summary>Takes a snapshot, as an operator asks; completes when it is on disk. See <see cref="CommitExecutor.SnapshotAsync"/>.</summary>
    public Task SnapshotAsync() => _state.Quarantined is { } reason ? Task.FromException(new InvalidOperationException($"The replica is quarantined: {reason}")) : _commit.SnapshotAsync();

    /// <summary>
    /// When the last entry was made, if operations are applied here that no snapshot on disk covers, and that one may cover now; else null. For a silo that stops:
    /// nothing of this changes any more after <see cref="Resign"/>.
    /// </summary>
    public DateTime? UnsavedSince() => _state.Quarantined is null && _commit.HasUnsaved && _commit.MaySaveNow ? _env.Log.LastTimeUtc : null;

    /// <summary>
    /// The silo is about to stop: this replica is no master any more, and a slave only until its master has taken it out (L6).
    /// </summary>
    public void Leave(string reason) => _state.Leave(reason);

    /// <summary>The silo stops in order: this replica serves and follows no more, and says so to the others (L6).</summary>
    public void Resign(string reason) => _state.Resign(reason);

    /// <summary>A caller came here in vain: look at the group now, it may need this replica.</summary>
    private void Look()
    {
        if (!_state.IsOut)
        {
            if (_state.Master is { } master) master.Tick();
            else _state.Slave.Tick();
        }

        _state.Settle();
    }

    private ServerDecision Decide(Operation operation) => ServerPolicy.ForOperation(
        Standing(), FactsOf(operation), _env.Limits.MaxOperationBytes);

    private OperationFacts FactsOf(Operation operation) => new(
        operation.Payload.Length,
        IsKnown: Knows(operation),
        IsOfThisGroup: !operation.Birth.IsNone && IsOfThisGroup(operation.Birth, operation.Known));

    /// <summary>The making of the group that this replica is of, as far as it knows (I4).</summary>
    private GroupBirth Birth => _env.Log.Birth.IsNone ? Record?.Birth ?? GroupBirth.None : _env.Log.Birth;

    /// <summary>What a caller knows is of this group, or nothing; not of another that has its name.</summary>
    private bool IsOfThisGroup(GroupBirth asked, SessionToken seen) => !asked.IsOther(Birth) && !seen.Birth.IsOther(Birth);

    private SessionToken TokenAt(LogIndex index) => new(_env.Log.DataLossCount, _state.Succession.Epoch, index) { Birth = Birth };

    private ReplicaStanding Standing()
    {
        var master = _state.Master;
        return new ReplicaStanding(
            Quarantined: _state.Quarantined is not null,
            IsMaster: master is not null,
            BarrierCommitted: master?.IsServing ?? false,
            EnoughInSync: master?.EnoughInSync ?? false,
            HasRoom: master?.HasRoom ?? false,
            IsFresh: IsFresh(_commit.Committed),
            LeaseIsValid: master?.LeaseIsValid ?? false,
            MayAnswer: master?.MayAnswer ?? false,
            FirstStateFailed: master?.FirstState.Failure is not null) { IsStopped = master is not null && _commit.Stopped is not null };
    }

    /// <summary>Is a state in which so much is applied recent enough to be read (R2)?</summary>
    private bool IsFresh(LogIndex applied) => !_state.IsOut && !_state.Watch.WantsState && (_state.Master?.IsFresh
        ?? (!FirstState.IsDue(_env, _commit) && _state.Succession.IsFreshWithin(_env.Limits.MaxStaleness, _state.Feed.Told.In(_state.Succession.Epoch, applied))));

    /// <summary>Waits, a bounded time, until what the caller has seen is committed here (R1). A token from before a data loss asks for nothing.</summary>
    private async Task<bool> SeesAsync(SessionToken token)
    {
        if (token.DataLossCount != _env.Log.DataLossCount) return token.DataLossCount < _env.Log.DataLossCount;
        return token.Index <= _commit.Committed || await InTimeAsync(_commit.WaitForAsync(token.Index), _env.Limits.ReadWait);
    }

    /// <summary>Is it from before a data loss? Then nobody can say whether what the client saw is still there (R1).</summary>
    private bool IsLost(SessionToken token) => token != SessionToken.None && token.DataLossCount < _env.Log.DataLossCount;

    /// <summary>Waits, a bounded time, for a mastership that begins.</summary>
    private Task<bool> ServesAsync(MasterRole master)
    {
        master.FirstState.Ask();
        return InTimeAsync(master.Serving, _env.Limits.ServeWait);
    }

    private async Task<bool> InTimeAsync(Task task, TimeSpan limit)
    {
        try
        {
            await ReturningAsync(task).WaitAsync(limit, _env.Time);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>
    /// WaitAsync on a task that runs its continuations asynchronously comes back by way of the thread pool; an await comes back to the replica's thread.
    /// </summary>
    private static async Task ReturningAsync(Task task) => await task;

    private CallReply Redirect()
    {
        Look();
        return new CallReply { Kind = ReplyKind.Redirected, View = View, Birth = Birth };
    }

    private CallReply Decline(ServerDecision decision) => decision switch
    {
        ServerDecision.AwaitBarrier => StillBeginning(),
        ServerDecision.RefuseTooFewInSync => Refusal(RefusalReason.TooFewInSync, $"{_env.Group} has fewer replicas in sync than it asks for."),
        ServerDecision.RefuseAlone => Refusal(RefusalReason.None, $"The master of {_env.Group} is alone in sync and does not hold its node's lease in the group store."),
        ServerDecision.RefuseOverloaded => Refusal(RefusalReason.Overloaded, $"{_env.Group} has as many operations in flight as it may."),
        ServerDecision.RefuseTooLarge => Refusal(RefusalReason.Unsupported, $"The operation is larger than {_env.Limits.MaxOperationBytes} bytes."),
        ServerDecision.RefuseNoFirstState => NoFirstState(),
        ServerDecision.RefuseStopped => Refusal(RefusalReason.StoppedAtEntry, Describe(_commit.Stopped!)),
        ServerDecision.RefuseQuarantined => Refusal(RefusalReason.Quarantined, $"This replica of {_env.Group} is quarantined: {_state.Quarantined}"),
        _ => Redirect(),
    };

    /// <summary>
    /// An operator has decided that the entry at which the group stopped is never to be run. Completes when that is stable, or cannot be (W10).
    /// </summary>
    public async Task<SkipReply> SkipAsync(SkipRequest request)
    {
        if (_state.Master is not { } master || IsOtherGroup(request)) return new SkipReply { View = View };
        if (_commit.Stopped is not { } stop) return new SkipReply { IsMaster = true, IsServing = master.IsServing, View = View };
        if (request.Entry == LogPosition.None || request.Entry != stop.Entry.Position)
            return new SkipReply { IsMaster = true, Stopped = stop.Entry.Position, Reason = Describe(stop), View = View };
        return await master.SkipAsync(stop.Entry.Position, request.EvenIfUnheard);
    }

    private bool IsOtherGroup(SkipRequest request) => request.Birth.IsOther(Birth);

    private string Describe(EntryStop stop) =>
        $"{_env.Group} is stopped at entry {stop.Entry.Position}, request {stop.Entry.Request}. {stop.Reason} Reads of ReadPreference.AnyReplica show the state before it. " +
        "What to do: deploy code that can execute it, or have it skipped (docs/operations.md, A group that stopped at an entry).";

    /// <summary>The barrier was waited for in vain. A copy of the operation may be among what is not applied yet (W7, W8).</summary>
    private CallReply StillBeginning()
    {
        Look();
        var reason = _state.Master is { EnoughInSync: false } ? RefusalReason.TooFewInSync : RefusalReason.None;
        return Refusal(reason, $"The new master of {_env.Group} does not serve yet{(reason == RefusalReason.None ? "" : ": too few replicas are in sync")}.");
    }

    /// <summary>Everything inherited is applied, and no operation is among it.</summary>
    private CallReply NoFirstState()
    {
        var (certain, why) = (_state.Master!.LeaseIsValid, _state.Master.FirstState.Failure ?? "its first state could not be imported");
        return Refusal(certain ? RefusalReason.NoFirstState : RefusalReason.None, why, certain); // final only where nobody else can have imported it
    }

    private CallReply Refusal(RefusalReason reason, string message) => Refusal(reason, message, ServerPolicy.KnowsOfNoCopy(Standing()));

    private CallReply Refusal(RefusalReason reason, string message, bool isCertain)
    {
        return new CallReply
        {
            Kind = isCertain ? ReplyKind.Refused : ReplyKind.NotTaken,
            Refusal = reason,
            Message = isCertain ? $"{message} Nothing was executed." : $"{message} This copy of the request was not taken.",
            View = View,
            Birth = Birth,
        };
    }
}
