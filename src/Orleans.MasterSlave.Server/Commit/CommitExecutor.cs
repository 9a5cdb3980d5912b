using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Commit;

/// <summary>
/// Applies stable entries in order, one batch at a time (W5, W6); the only writer of <see cref="Committed"/>. The same on master and slave.
/// Takes a snapshot between two batches when enough was applied since the last (D6).
/// </summary>
internal sealed class CommitExecutor(
    IReplicaLog log, IReplicatedObject target, SessionTable sessions, IEntryMarks marks, SnapshotTrigger trigger, Action<Exception> broken, Action<Exception> noSnapshot)
{
    private const int MaxBatchEntries = 128, MaxBatchBytes = 1 << 20;
    private const ushort SessionsPart = 1, StatePart = 2, TermsPart = 3, UntouchedPart = 4; // of a snapshot

    private readonly SortedDictionary<LogIndex, TaskCompletionSource> _waiters = []; // one for each index that a read waits for
    private MastershipTerms? _terms; // of the last entry applied; null: none was
    private LogIndex _stable;      // entries up to here may be applied; set by SetStable only
    private Task _running = Task.CompletedTask;
    private Task _saving = Task.CompletedTask;
    private LogSnapshot? _taken;   // a snapshot that waits until every in-sync replica holds what it covers
    private LogIndex _replicated;  // every in-sync replica holds the entries up to here; set by SetReplicated only
    private bool _wanted;          // the log asked for a snapshot: it keeps old segments for this group
    private bool _held;            // while the state is being replaced
    private long _appliedBytes, _appliedEntries; // since the last snapshot
    private LogIndex _lastOperation; // applied; none: none since the snapshot that the state was restored from
    private LogIndex _savedAt;       // where the newest snapshot on disk is
    private bool _isSaving;
    private TaskCompletionSource? _asked; // completes with the next snapshot that is saved
    private MastershipTerms? _announced;
    private LogIndex _restored;    // the snapshot that the state was made from
    private readonly HashSet<LogIndex> _skipped = []; // since then

    /// <summary><c>LargestCommittedIndex</c>: the last entry applied to the state.</summary>
    public LogIndex Committed { get; private set; }

    /// <summary>The last entry that a read may have seen: the end of the batch that is being applied. Stable, so a token may ask for it (R1).</summary>
    public LogIndex Visible { get; private set; }

    public LogIndex Stable => _stable;

    /// <summary>Nothing that could change the state has been applied: no operation, and no import of a first state (G12).</summary>
    public bool IsUntouched { get; private set; } = true;

    /// <summary>Whether entries that failed before are tried again (W10).</summary>
    public EntryGuard Guard { get; } = new(log, marks);

    /// <summary>The entry that nothing is applied from on; null: none (W10).</summary>
    public EntryStop? Stopped { get; private set; }

    /// <summary>Told once of each stop.</summary>
    public Action<EntryStop>? Stopping { get; set; }

    /// <summary>Called after each batch, with what was applied and the answers; the master answers its callers from here.</summary>
    public Action<IReadOnlyList<LogEntry>>? Applied { get; set; }

    /// <summary>The largest index that a lagging slave does not need any more: the log is kept above it.</summary>
    public Func<LogIndex> KeepFrom { get; set; } = Everything;

    public static LogIndex Everything() => new(long.MaxValue);

    /// <summary>Asks for a snapshot as soon as one can be taken, though none is due yet (D5).</summary>
    public void WantSnapshot()
    {
        _wanted = true;
        GoOn();
    }

    /// <summary>Operations were applied that no snapshot on disk covers.</summary>
    public bool HasUnsaved => _lastOperation > _savedAt;

    /// <summary>Every in-sync replica holds what is applied here: a snapshot of it may be saved at once (D6).</summary>
    public bool MaySaveNow => _replicated >= Committed;

    /// <summary>Called when the first operation of a mastership is applied, with the code that its master ran.</summary>
    public Action<CodeVersion>? Applying { get; set; }

    /// <summary>Called, and waited for, when an entry was applied after which each replica takes a digest of its state.</summary>
    public Func<LogPosition, Task>? DigestHere { get; set; }

    /// <summary>Takes a snapshot; completes when it is on disk, and at once when there is nothing new to save. One that may not be saved yet is waited for.</summary>
    /// <exception cref="InvalidOperationException">The state is being replaced, or this replica is broken.</exception>
    /// <exception cref="LogFullException">There is no room.</exception>
    public Task SnapshotAsync()
    {
        if (!HasUnsaved) return Task.CompletedTask;
        if (_held) return Task.FromException(new InvalidOperationException("The state is being replaced, or the replica is broken."));
        _asked ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = _asked.Task;
        WantSnapshot();
        return asked;
    }

    /// <summary>From here on the replica is a slave: it follows a master in what it dares to apply (W10).</summary>
    public void EndMastership() => (Guard.Elsewhere, Stopped) = (null, null);

    /// <summary>Something is known that may let a stopped or waiting entry be applied, or skipped (W10).</summary>
    public void Look()
    {
        if (Committed < _stable) GoOn();
    }

    private void GoOn()
    {
        if (_running.IsCompleted && !_held) _running = RunAsync();
    }

    /// <summary>Completes when an index is committed.</summary>
    public Task WaitForAsync(LogIndex index)
    {
        if (Committed >= index) return Task.CompletedTask;
        if (!_waiters.TryGetValue(index, out var waiter)) _waiters[index] = waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return waiter.Task;
    }

    /// <summary>Tells that entries up to an index are stable; never goes back.</summary>
    public void SetStable(LogIndex stable)
    {
        BrokenInvariantException.Unless(stable <= log.Last.Index, $"stable {stable} ≤ last {log.Last.Index}");
        if (stable <= _stable) return;
        _stable = stable;
        Look();
    }

    /// <summary>
    /// Tells that every in-sync replica holds the entries up to an index: so will every later master, and nothing up to there is ever taken back. Never
    /// goes back, whoever is master.
    /// </summary>
    public void SetReplicated(LogIndex replicated)
    {
        _replicated = LogIndex.Max(_replicated, replicated);
        SaveTaken();
    }

    /// <summary>Stops applying, for the state to be replaced; until <see cref="RestartAsync"/>.</summary>
    public async Task HoldAsync()
    {
        _held = true;
        await _running;
        _wanted |= _taken is not null;
        _taken = null; // the log may be about to lose what it covers
        await _saving;
    }

    /// <summary>Applies nothing more; completes when no snapshot is being saved. A batch that waits for its turn will not get it.</summary>
    public async Task EndAsync()
    {
        _held = true;
        _taken = null;
        await _saving;
        Asked()?.TrySetCanceled();
    }

    /// <summary>Goes on as before: the state was not replaced after all.</summary>
    public void Resume()
    {
        _held = false;
        Look();
    }

    /// <summary>Rebuilds state and session table from the log's snapshot, if any; what follows is applied again as it becomes stable (C3).</summary>
    public async Task RestartAsync()
    {
        await HoldAsync();
        Asked()?.TrySetException(new InvalidOperationException("The state was replaced meanwhile."));
        await RestoreAsync();
        Resume();
    }

    private async Task RestoreAsync()
    {
        Stopped = null;
        _skipped.Clear();
        if (log.Snapshot is { State.Length: > 0 } snapshot)
        {
            var parts = Sections.Read(snapshot.State);
            _terms = MastershipTerms.Load(Sections.Part(parts, TermsPart, "the snapshot"));
            IsUntouched = parts.ContainsKey(UntouchedPart);
            Committed = LogIndex.None; // no read is promised anything while the state goes back
            using (var reader = Sections.Reader(parts[SessionsPart])) sessions.Load(reader);
            await target.RestoreStateAsync(parts[StatePart].ToArray());
            Committed = snapshot.Position.Index;
            Wake();
        }
        else
        {
            Committed = LogIndex.None;
            _terms = null;
            IsUntouched = true;
            sessions.Clear();
            await target.RestoreStateAsync(null);
        }

        (Visible, _savedAt, _restored, _lastOperation) = (Committed, Committed, Committed, LogIndex.None);
        _stable = LogIndex.Max(Committed, LogIndex.Min(_stable, log.Last.Index));
    }

    private async Task RunAsync()
    {
        try
        {
            for (var goesOn = true; goesOn && !_held;)
            {
                goesOn = Committed < _stable && await ApplyBatchAsync();
                if (!SnapshotIsDue) continue;
                await TakeSnapshotAsync();
                goesOn = true;
            }
        }
        catch (Exception e)
        {
            marks.FailCurrent();
            _held = true;
            broken(e);
        }
    }

    /// <summary>False: the next entry is not applied for now (W10).</summary>
    private async Task<bool> ApplyBatchAsync()
    {
        if (Stopped is { } stop && !MayGoOn(stop)) return false;
        var batch = log.Read(Committed.Next(), (int)Math.Min(MaxBatchEntries, _stable - Committed), MaxBatchBytes);
        BrokenInvariantException.Unless(batch.Count > 0 && batch[0].Index == Committed.Next(), $"the log holds entry {Committed.Next()}");
        if (batch.FirstOrDefault(e => !e.IsUnderstood) is { } unknown) throw new UnknownEntryException(unknown);
        var verdict = Guard.Of(batch[0], _stable);
        if (verdict is EntryVerdict.Wait) return false;
        if (verdict is EntryVerdict.Stop) return Stop(batch[0], EndedTwice(batch[0]));
        if (verdict is EntryVerdict.Skip) return await SkipAsync(batch[0]);
        if (batch[0].Kind == EntryKind.Skip && SkipContent.Of(batch[0]).Skipped.Index is var skipped && !_skipped.Contains(skipped)) return await TakeBackAsync(batch[0], skipped);
        var (taken, operations) = TakeUnknownOperations(verdict is EntryVerdict.RunAlone ? [batch[0]] : batch);
        if (taken.Count == 0) return Stop(batch[0], target.Prepare(batch[0]) ?? "It could not be read.", isLasting: true);
        Stopped = null;
        Visible = taken[^1].Index;
        IReadOnlyList<byte[]> answers = [];
        if (operations.Count > 0)
        {
            using var alone = verdict is EntryVerdict.RunAlone ? await marks.AloneAsync() : null;
            answers = await target.ApplyAsync(operations, KeyOf(taken));
        }

        BrokenInvariantException.Unless(answers.Count == operations.Count, "each operation has one answer");
        if (taken[0].Kind != EntryKind.Operation) await ApplyControlAsync(taken[0]);
        else IsUntouched = false;
        if (taken[0].Kind != EntryKind.Barrier) _lastOperation = taken[^1].Index;
        for (var i = 0; i < operations.Count; i++) sessions.Record(operations[i], answers[i]);
        if (verdict is EntryVerdict.RunAlone) marks.Survived(taken[0].Position);
        await EndBatchAsync(taken);
        return true;
    }

    private async Task EndBatchAsync(IReadOnlyList<LogEntry> taken)
    {
        Committed = taken[^1].Index;
        foreach (var entry in taken) _appliedBytes += entry.Payload.Length + 64;
        _appliedEntries += taken.Count;
        Applied?.Invoke(taken);
        Wake();
        if (AsksForDigest(taken[^1]) && DigestHere is not null) await DigestHere(taken[^1].Position);
    }

    private static bool AsksForDigest(LogEntry entry) => (entry.Flags & EntryFlags.DigestHere) != 0;

    /// <summary>Of the entries' own mastership, which is not always the one in force (W9). A batch never holds entries of two.</summary>
    private DrawKey KeyOf(IReadOnlyList<LogEntry> operations)
    {
        BrokenInvariantException.Unless(operations.All(o => o.Epoch == _terms?.Epoch), $"the barrier of {operations[0].Epoch} is applied before its operations");
        if (_announced != _terms) Applying?.Invoke(_terms!.Content.Version);
        _announced = _terms;
        return _terms!.Content.Key;
    }

    /// <summary>A control entry is a batch of its own: what it lays down holds for what follows, however the log is cut.</summary>
    private async Task ApplyControlAsync(LogEntry entry)
    {
        switch (entry.Kind)
        {
            case EntryKind.Barrier:
                _terms = new MastershipTerms(entry.Epoch, BarrierContent.Of(entry));
                sessions.Begin(_terms.Content.Limits);
                break;
            case EntryKind.Import:
                await ImportAsync(ImportContent.Of(entry));
                break;
            case EntryKind.Skip:
                break; // heeded before the entry that it names
            default:
                throw new UnknownEntryException(entry);
        }
    }

    /// <summary>
    /// A state that operations have changed is never replaced: of two imports in a log the first one counts, on every replica alike (G12). Where there was
    /// nothing to import, too, the state is made anew: the author's code may have touched that of the master which asked it.
    /// </summary>
    private async Task ImportAsync(ImportContent content)
    {
        if (IsUntouched) await target.RestoreStateAsync(content.State.Length > 0 ? content.State : null);
        IsUntouched = false;
    }

    private bool MayGoOn(EntryStop stop) => Guard.Of(stop.Entry, _stable) switch
    {
        EntryVerdict.Skip => true,
        EntryVerdict.Run or EntryVerdict.RunAlone => !stop.IsLasting,
        _ => false,
    };

    private bool Stop(LogEntry entry, string reason, bool isLasting = false)
    {
        if (Stopped?.Entry.Position == entry.Position) return false;
        Stopped = new EntryStop(entry, reason, isLasting);
        Stopping?.Invoke(Stopped);
        return false;
    }

    private string EndedTwice(LogEntry entry)
    {
        var what = marks.Suspect is { Operation.Length: > 0 } suspect && suspect.Position == entry.Position ? $" ({suspect.Operation})" : "";
        return $"The operation{what} has ended the process of a silo, or outlasted its limit, {EntryGuard.MostFailures} times or more.";
    }

    /// <summary>Its caller may still ask: the answer says that it was not executed, the same on every replica.</summary>
    private async Task<bool> SkipAsync(LogEntry entry)
    {
        (Stopped, IsUntouched) = (null, false);
        _skipped.Add(entry.Index);
        if (!sessions.MayHaveBeenExecuted(entry)) sessions.Record(entry, target.AnswerOfSkipped(entry));
        marks.Survived(entry.Position);
        Visible = _lastOperation = entry.Index;
        await EndBatchAsync([entry]);
        return true;
    }

    /// <summary>The group has skipped what was executed here: the state is made anew without it, where the log still reaches back (C3).</summary>
    private async Task<bool> TakeBackAsync(LogEntry skip, LogIndex skipped)
    {
        if (skipped <= _restored)
            throw new InvalidDataException($"entry {skipped}, which the group has skipped by {skip.Position}, was executed here, and the snapshot at {_restored} holds what it did");
        await RestoreAsync();
        return true;
    }

    private void Wake()
    {
        while (_waiters.Count > 0 && _waiters.First() is var (index, waiter) && index <= Committed)
        {
            _waiters.Remove(index);
            waiter.SetResult();
        }
    }

    /// <summary>
    /// Leaves out what needs no execution: control entries, and requests that were executed under another entry (W1: apply looks again). What is known
    /// is asked before the batch is applied; so the batch ends where an entry of its own would change the answer: replicas cut batches differently,
    /// and must decide alike.
    /// </summary>
    private (IReadOnlyList<LogEntry> Taken, List<LogEntry> Operations) TakeUnknownOperations(IReadOnlyList<LogEntry> batch)
    {
        var operations = new List<LogEntry>(batch.Count);
        if (batch[0].Kind != EntryKind.Operation) return (batch.Take(1).ToList(), operations);
        var before = batch.Count > 1 ? new BatchRequests(sessions) : null;
        for (var i = 0; i < batch.Count; i++)
        {
            var entry = batch[i];
            if (entry.Kind != EntryKind.Operation) return (batch.Take(i).ToList(), operations);
            var forgets = sessions.Forgets(entry, before?.NewClients ?? 0);
            var changesWhatIsKnown = forgets || sessions.OutlivesRetention(batch[0].SessionTime, entry.SessionTime);
            if (i > 0 && (changesWhatIsKnown || before!.Concern(entry))) return (batch.Take(i).ToList(), operations);
            if (i > 0 && Guard.Of(entry, _stable) != EntryVerdict.Run) return (batch.Take(i).ToList(), operations);
            var executes = !sessions.MayHaveBeenExecuted(entry);
            if (executes && target.Prepare(entry) is not null) return (batch.Take(i).ToList(), operations); // nothing of it was executed
            before?.Add(entry);
            if (executes) operations.Add(entry);
            if (forgets || AsksForDigest(entry)) return (batch.Take(i + 1).ToList(), operations);
        }

        return (batch, operations);
    }

    private bool SnapshotIsDue => _taken is null && !_isSaving && (_wanted || trigger.IsDue(_appliedEntries, _appliedBytes)) && Committed > log.Base.Index
        && log.SkippedAcross(Committed) is null; // it would hold neither what was skipped nor that it was

    private async Task TakeSnapshotAsync()
    {
        var at = Committed;
        var last = log.Read(at, 1, int.MaxValue)[0];
        var state = await SaveStateAsync();
        _appliedEntries = 0;
        _appliedBytes = 0;
        _wanted = false;
        if (state is null) return; // the log keeps everything, and the next snapshot that is due tries again
        var snapshot = new LogSnapshot
        {
            Position = last.Position,
            DataLossCount = last.DataLossCount,
            TimeUtc = last.TimeUtc,
            State = WithSessions(state),
        };
        BrokenInvariantException.Unless(Committed == at, "a snapshot is of one position");
        _taken = snapshot;
        SaveTaken();
    }

    /// <summary>
    /// A snapshot on disk covers nothing that an in-sync replica may lack: a failover could take it back, and only entries can be saved as orphans (C2, C5).
    /// It waits in memory instead of being taken later, because under load there is always something that is not yet everywhere.
    /// </summary>
    private void SaveTaken()
    {
        if (_held || _taken is not { } snapshot || snapshot.Position.Index > _replicated) return;
        _taken = null;
        _saving = SaveAsync(snapshot);
    }

    /// <summary>Runs behind the next batches.</summary>
    private async Task SaveAsync(LogSnapshot snapshot)
    {
        var asked = _wanted ? null : Asked(); // one that was asked for meanwhile waits for the next
        _isSaving = true;
        try
        {
            await log.SaveSnapshotAsync(snapshot, KeepFrom());
            _savedAt = snapshot.Position.Index;
            asked?.TrySetResult();
            if (!HasUnsaved) Asked()?.TrySetResult(); // asked for while this one was saved, and covered by it
        }
        catch (LogFullException e)
        {
            asked?.TrySetException(e); // the log stays as it is, and the next snapshot that is due tries again
        }
        catch (Exception e)
        {
            asked?.TrySetException(e);
            broken(e);
        }
        finally
        {
            _isSaving = false;
        }

        if (_wanted) GoOn();
    }

    private TaskCompletionSource? Asked()
    {
        var asked = _asked;
        _asked = null;
        return asked;
    }

    /// <summary>
    /// Null: it cannot be saved. A state member without a codec must not look like a broken replica: it fails on every one alike (D6).
    /// </summary>
    private async Task<byte[]?> SaveStateAsync()
    {
        try
        {
            return await target.SaveStateAsync();
        }
        catch (Exception e)
        {
            noSnapshot(e);
            Asked()?.TrySetException(e);
            return null;
        }
    }

    private byte[] WithSessions(byte[] state) => Sections.ToBytes(to =>
    {
        Sections.Write(to, SessionsPart, sessions.Save);
        Sections.Write(to, StatePart, state);
        Sections.Write(to, TermsPart, _terms!.Save);
        if (IsUntouched) Sections.Write(to, UntouchedPart, []);
    });
}

/// <summary>When a replica's snapshot is due.</summary>
internal sealed record SnapshotTrigger(long EveryEntries, long EveryBytes)
{
    public bool IsDue(long entries, long bytes) => entries >= EveryEntries || bytes >= EveryBytes;
}
