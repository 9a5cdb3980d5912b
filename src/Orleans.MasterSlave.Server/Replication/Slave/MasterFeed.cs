using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Replication.Slave;

/// <summary>
/// The slave's end: receives what the master sends, by the rule of W3; its twin is <see cref="Master.SlaveChannel"/>. Everything up to the wait for
/// the disk happens in one turn, so that batches in flight are taken in the order in which they come. Runs in the replica's thread.
/// </summary>
internal sealed class MasterFeed(ReplicaEnvironment env, CommitExecutor commit, IFollower follower)
{
    private readonly SnapshotReceiver _snapshots = new(), _states = new();
    private Task _lastWrite = Task.CompletedTask; // completes when everything appended and promised so far is durable
    private LogIndex _verified;                   // matched with the master of _verifiedEpoch through here (W6)
    private Epoch _verifiedEpoch;
    private LogIndex _stable;                     // known to be stable through here, whether or not it may be applied yet
    private TaskCompletionSource? _idle;          // set while the log is being cut or replaced

    /// <summary>The stable points that the master has told of, whether or not they are applied (R2).</summary>
    public ToldStable Told { get; } = new();

    /// <summary>The largest index that a master has told of, whether or not it came to be here (C5).</summary>
    public LogIndex HeardOf { get; private set; }

    public async Task<AppendReply> OnAppendAsync(AppendRequest request)
    {
        if (Refuse(request.Header) is { } refused) return refused;
        if (request.Entries.FirstOrDefault(e => !e.IsUnderstood) is { } unknown)
        {
            follower.Quarantine(new UnknownEntryException(unknown).Message);
            return Reply(AppendOutcome.Failed);
        }

        HeardOf = LogIndex.Max(HeardOf, LogIndex.Max(request.Stable, request.Previous.Index + request.Entries.Count));
        Follow(request.Header);
        Told.Told(request.Header.Epoch, request.Applied, env.Now);
        var previous = request.Previous;
        for (var cut = false; ; cut = true)
        {
            if (env.Log.EpochAt(previous.Index) != previous.Epoch)
                return Reply(AppendOutcome.Mismatch, hint: HintBelow(previous), needsSnapshot: previous.Index == env.Log.Base.Index);

            var fresh = FirstUnlike(request.Entries);
            if (fresh == request.Entries.Count) break;
            var first = request.Entries[fresh].Index;
            if (first > env.Log.Last.Index)
            {
                _lastWrite = env.Log.AppendAsync(fresh == 0 ? request.Entries : request.Entries.Skip(fresh).ToList());
                break;
            }

            // Others may have come in while the log was cut: look again from the start.
            if (cut) return Reply(AppendOutcome.Busy);
            if (first <= env.Log.Base.Index) return Reply(AppendOutcome.Mismatch, hint: env.Log.Base, needsSnapshot: true);
            if (!await CutAsync(first, request.Header)) return Reply(AppendOutcome.Failed);
            if (Refuse(request.Header) is { } overtaken) return overtaken;
        }

        var matched = previous.Index + request.Entries.Count;
        // What there was no room for is not in the log, and so not verified: a snapshot may have to replace it.
        if (_verifiedEpoch == request.Header.Epoch) _verified = LogIndex.Max(_verified, LogIndex.Min(matched, env.Log.Last.Index));
        await DurableAsync(matched);
        if (env.Log.PromisedEpoch != request.Header.Epoch || _verifiedEpoch != request.Header.Epoch || _idle is not null)
            return Refuse(request.Header) ?? Reply(AppendOutcome.Busy);
        if (env.Log.DurableIndex < matched) return Reply(AppendOutcome.Busy); // replaced by a snapshot while it waited
        _stable = LogIndex.Max(_stable, LogIndex.Min(request.Stable, _verified));
        commit.Guard.AppliedByMaster = LogIndex.Max(commit.Guard.AppliedByMaster, LogIndex.Min(request.Applied, _verified));
        commit.SetStable(LogIndex.Min(LogIndex.Min(request.Stable, request.Applied), LogIndex.Min(_verified, env.Log.DurableIndex)));
        commit.Look();
        commit.SetReplicated(LogIndex.Min(request.Replicated, _verified));
        follower.MastersDigest(request.Digest);
        if (LogIndex.Min(_verified, env.Log.DurableIndex) >= request.Stable) follower.HoldsAllAcknowledged();
        return new AppendReply
        {
            Outcome = AppendOutcome.Appended,
            MatchedThrough = matched,
            PromisedEpoch = env.Log.PromisedEpoch,
            Session = follower.ConfirmLease(request.Header),
            WantsState = follower.WantsState,
            Applied = commit.Committed,
            Suspect = env.Marks.Suspect,
        };
    }

    public async Task<InstallReply> OnInstallAsync(InstallRequest request)
    {
        if (Refuse(request.Header) is { } refused) return Reply(refused);
        if (request.StateOnly) return await OnStateAsync(request);
        HeardOf = LogIndex.Max(HeardOf, request.Position.Index);
        Follow(request.Header);
        if (env.Log.EpochAt(request.Position.Index) == request.Position.Epoch || (IsVerifiedUnder(request.Header) && _verified >= request.Position.Index))
            return await InstalledBeforeAsync(request);
        var staged = _snapshots.Take(request);
        if (staged is null) return new InstallReply { Outcome = AppendOutcome.Appended, NextOffset = _snapshots.NextOffset };
        if (request.Position.Index < commit.Committed && request.Header.DataLossCount <= env.Log.DataLossCount)
        {
            follower.Quarantine($"the master's snapshot at {request.Position} is behind what was committed here ({commit.Committed}), and no data loss was declared");
            return new InstallReply { Outcome = AppendOutcome.Failed };
        }

        await ChangeLogAsync(rebuilds: true, async () =>
        {
            // Below its base nothing is known of what the master shares with this log: after a declared loss all of it may be lost (C2).
            var lossDeclared = request.Header.DataLossCount > env.Log.DataLossCount;
            await SaveOrphansFromAsync((lossDeclared ? env.Log.Base.Index : LogIndex.Max(commit.Committed, env.Log.Base.Index)).Next());
            await env.Log.InstallSnapshotAsync(staged);
            _verified = staged.Position.Index;
        });
        env.Events.SnapshotInstalled(staged.Position);
        return new InstallReply { Outcome = AppendOutcome.Appended, NextOffset = request.TotalBytes };
    }

    /// <summary>
    /// The master's state for this replica's, which came to be another though the logs are the same (W11): as a snapshot of its own, which its log goes on from.
    /// Nothing of the log is given up, and what is acknowledged stays so.
    /// </summary>
    private async Task<InstallReply> OnStateAsync(InstallRequest request)
    {
        if (!IsWanted(request)) return new InstallReply { Outcome = AppendOutcome.Busy };
        if (_states.Take(request) is not { } staged) return new InstallReply { Outcome = AppendOutcome.Appended, NextOffset = _states.NextOffset };
        await ChangeLogAsync(rebuilds: true, async () =>
        {
            if (IsWanted(request)) await env.Log.SaveSnapshotAsync(staged, staged.Position.Index);
        });
        if (env.Log.Base != staged.Position) return new InstallReply { Outcome = AppendOutcome.Busy };
        follower.StateReplaced(staged.Position);
        return new InstallReply { Outcome = AppendOutcome.Appended, NextOffset = request.TotalBytes };
    }

    private bool IsWanted(InstallRequest request) =>
        follower.WantsState && IsVerifiedUnder(request.Header) && request.Position.Index <= LogIndex.Min(_verified, env.Log.DurableIndex)
        && request.Position.Index > env.Log.Base.Index && env.Log.EpochAt(request.Position.Index) == request.Position.Epoch;

    /// <summary>
    /// A doubled or late piece, or a snapshot that entries have overtaken: the log has it already. The master counts the answer as an acknowledgement
    /// of everything up to the snapshot: so it waits for the disk, as an append does (W3).
    /// </summary>
    private async Task<InstallReply> InstalledBeforeAsync(InstallRequest request)
    {
        await DurableAsync(request.Position.Index);
        if (Refuse(request.Header) is { } overtaken) return Reply(overtaken);
        if (env.Log.PromisedEpoch != request.Header.Epoch || env.Log.DurableIndex < request.Position.Index) return new InstallReply { Outcome = AppendOutcome.Busy };
        return new InstallReply { Outcome = AppendOutcome.Appended, NextOffset = request.TotalBytes };
    }

    /// <summary>Completes when the log is not being cut or replaced.</summary>
    public async Task IdleAsync()
    {
        while (_idle is { } idle) await idle.Task;
    }

    private bool IsVerifiedUnder(MasterHeader header) => _verifiedEpoch == header.Epoch && _verified > LogIndex.None;

    private AppendReply? Refuse(MasterHeader header)
    {
        if (header.Store != env.Liveness.Store) throw new InvalidOperationException($"{header.Sender} works with store {header.Store}, this node with {env.Liveness.Store}.");
        if (header.Receiver != env.Self.Node) return Reply(AppendOutcome.Misplaced);
        if (follower.CannotFollow) return Reply(AppendOutcome.Failed);
        if (header.Sender.StartCount < env.Liveness.LifeOf(header.Sender.Node)) return Reply(AppendOutcome.StaleEpoch); // a life that is over (I2)
        if (header.Birth != env.Log.Birth && !env.Log.Birth.IsNone)
        {
            follower.MetAnotherBirth(header);
            return Reply(AppendOutcome.Failed);
        }

        if (header.Level > FormatLevel.Known)
        {
            follower.Quarantine(StateManager.NewerVersion($"what {header.Sender} sends as its master", header.Level));
            return Reply(AppendOutcome.Failed);
        }

        if (header.Epoch < env.Log.PromisedEpoch) return Reply(AppendOutcome.StaleEpoch);
        return _idle is not null ? Reply(AppendOutcome.Busy) : null;
    }

    /// <summary>Promises the epoch. The promise precedes the entries in the log, so what is acknowledged after them is acknowledged after it.</summary>
    private void Follow(MasterHeader header)
    {
        if (header.Epoch > env.Log.PromisedEpoch) _lastWrite = env.Log.PromiseAsync(header.Epoch, header.Birth);
        if (header.Epoch != _verifiedEpoch)
        {
            _verifiedEpoch = header.Epoch;
            _verified = LogIndex.None;
        }

        follower.Follow(header);
    }

    private async Task DurableAsync(LogIndex matched)
    {
        if (_lastWrite.IsFaulted) _lastWrite = Task.CompletedTask; // it was answered then; what was refused is not in the log
        if (!_lastWrite.IsCompletedSuccessfully || env.Log.DurableIndex < matched) await _lastWrite;
        if (env.Log.DurableIndex < matched) await (_lastWrite = env.Log.AppendAsync([]));
    }

    /// <summary>The first entry that is not in the log already: never cuts what is the same (W3).</summary>
    private int FirstUnlike(IReadOnlyList<LogEntry> entries)
    {
        for (var i = 0; i < entries.Count; i++)
            if (env.Log.EpochAt(entries[i].Index) != entries[i].Epoch) return i;
        return entries.Count;
    }

    /// <summary>The last place where this log may still agree with one that has not <paramref name="unlike"/> in common.</summary>
    private LogPosition HintBelow(LogPosition unlike)
    {
        var index = unlike.Index > env.Log.Last.Index ? env.Log.Last.Index : unlike.Index.Previous();
        index = LogIndex.Max(index, env.Log.Base.Index);
        while (index > env.Log.Base.Index && env.Log.EpochAt(index) > unlike.Epoch) index = index.Previous();
        return new LogPosition(env.Log.EpochAt(index) ?? Epoch.None, index);
    }

    /// <summary>Saves, then cuts what the master has not (C2). What was committed is taken back only after a declared data loss, by rebuilding (C3).</summary>
    private async Task<bool> CutAsync(LogIndex from, MasterHeader header)
    {
        var takesBack = from <= LogIndex.Max(_stable, commit.Stable); // what is stable may be half applied already
        if (takesBack && header.DataLossCount <= env.Log.DataLossCount)
        {
            follower.Quarantine($"the master at {header.Epoch} has not what was committed here at {from}, and no data loss was declared");
            return false;
        }

        await ChangeLogAsync(rebuilds: takesBack, async () =>
        {
            await SaveOrphansFromAsync(from);
            await env.Log.CutFromAsync(from);
            _stable = LogIndex.Min(_stable, from.Previous());
            commit.Guard.AppliedByMaster = LogIndex.Min(commit.Guard.AppliedByMaster, from.Previous());
        });
        return true;
    }

    /// <summary>
    /// Changes what is in the log already, while nothing else is taken in. With <paramref name="rebuilds"/>, nothing is applied either, and the state is
    /// made anew from the changed log; a change that fails leaves the log, and so the state, as it was.
    /// </summary>
    private async Task ChangeLogAsync(bool rebuilds, Func<Task> change)
    {
        var idle = _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            if (rebuilds) await commit.HoldAsync();
            try
            {
                await change();
            }
            catch (Exception e)
            {
                if (e is LogDamagedException) follower.Quarantine($"what is to be cut cannot be read back: {e.Message}");
                if (rebuilds) commit.Resume();
                throw;
            }

            if (rebuilds) await RestartAsync();
        }
        finally
        {
            _idle = null;
            idle.SetResult();
        }
    }

    private async Task RestartAsync()
    {
        try
        {
            await commit.RestartAsync();
        }
        catch (Exception e)
        {
            follower.Quarantine($"its state could not be restored: {e.Message}");
            throw;
        }
    }

    private async Task SaveOrphansFromAsync(LogIndex from)
    {
        var orphans = new List<LogEntry>();
        while (from <= env.Log.Last.Index)
        {
            var read = env.Log.Read(from, 1_000, 4 << 20);
            orphans.AddRange(read.Where(e => e.Kind == EntryKind.Operation));
            from = read[^1].Index.Next();
        }

        if (orphans.Count == 0) return;
        var after = new LogPosition(env.Log.EpochAt(orphans[0].Index.Previous()) ?? Epoch.None, orphans[0].Index.Previous());
        await env.Log.SaveOrphansAsync(orphans, after);
        env.Events.Orphaned(orphans.Count, after);
    }

    private static InstallReply Reply(AppendReply refused) => new() { Outcome = refused.Outcome, PromisedEpoch = refused.PromisedEpoch };

    private AppendReply Reply(AppendOutcome outcome, LogPosition hint = default, bool needsSnapshot = false) =>
        new() { Outcome = outcome, Hint = hint, NeedsSnapshot = needsSnapshot, PromisedEpoch = env.Log.PromisedEpoch, Applied = commit.Committed, Suspect = env.Marks.Suspect };
}

/// <summary>What the feed asks of its replica.</summary>
internal interface IFollower
{
    bool CannotFollow { get; }

    /// <summary>Every operation acknowledged so far is durable here: a torn tail is made good (D4).</summary>
    void HoldsAllAcknowledged();

    /// <summary>This master is obeyed from now on; a replica that held an older mastership gives it up.</summary>
    void Follow(MasterHeader header);

    /// <summary>The lease session to confirm the epoch under; null while this replica competes (L3).</summary>
    Liveness.LeaseSession? ConfirmLease(MasterHeader header);
    void Quarantine(string reason);

    /// <summary>What the master's state was, for comparison with this replica's.</summary>
    void MastersDigest(StateDigest? digest);

    /// <summary>This replica's state differs from its master's, and is to be replaced by it.</summary>
    bool WantsState { get; }

    void StateReplaced(LogPosition at);

    /// <summary>A master of another making of the group sent something (I4).</summary>
    void MetAnotherBirth(MasterHeader header);
}
