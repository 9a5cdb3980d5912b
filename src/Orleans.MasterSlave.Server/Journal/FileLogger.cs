using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// A replica's own log: a view on the silo's <see cref="WriteAheadLog"/>. Of the entries since its base the newest are in memory, of the others only
/// where they lie. Its methods are called from the replica's thread only; what they change is seen at once, and durable when their task completes.
/// </summary>
internal sealed class FileLogger : IReplicaLog
{
    private readonly WriteAheadLog _log;
    private readonly GroupPins _pins;
    private readonly byte[] _name;
    private readonly EpochRuns _runs;           // of the entries above the base
    private readonly EntryTail _tail = new();   // the newest of them
    private readonly SkipList _skips;           // that stand among them
    private readonly StoredRecords _stored;
    private readonly DurableMarks _durable;
    private readonly ReplicaSnapshot _snapshot;
    private DateTime _lastTime;
    private Epoch _promised;    // the highest asked for; _durable knows the durable one
    private Task _promise = Task.CompletedTask;
    private Task _written = Task.CompletedTask; // the newest record's
    private LogIndex _uncuttable;
    private long _tornEpoch;
    private bool _snapshotting; // a snapshot is being saved or installed
    private bool _installing;
    private bool _dropped;

    public FileLogger(WriteAheadLog log, RecoveredGroup found)
    {
        _log = log;
        Group = found.Group;
        _pins = found.Pins;
        _name = found.Name;
        _stored = new StoredRecords(log, found.Group, found.Pins, found.Name);
        _runs = found.Runs;
        _skips = found.Skips;
        Base = found.Base;
        _promised = found.Promised;
        Birth = found.Birth;
        _tornEpoch = found.TornEpoch;
        _uncuttable = found.Snapshot?.Position.Index ?? LogIndex.None;
        _durable = new DurableMarks(log.Commit, Last.Index, _promised);
        _snapshot = new ReplicaSnapshot(log, found, _stored);
        _lastTime = found.LastTimeUtc ?? TimeOf(Last);
        _stored.TakeInUse();
    }

    public GroupId Group { get; }

    /// <summary>What was found when an entry or a snapshot was read back; the group is quarantined then.</summary>
    public LogDamagedException? Damage => _stored.Damage;

    /// <summary>From any thread: a promise precedes everything else that a replica writes.</summary>
    public bool HoldsData => _promised > Epoch.None || DurableIndex > LogIndex.None || Damage is not null;

    public LogPosition Last => _runs.Count > 0 ? _runs.Last : Base;

    public LogPosition Base { get; private set; }

    public LogIndex DurableIndex => _durable.Index;

    public Epoch PromisedEpoch => _durable.Promised;

    public GroupBirth Birth { get; private set; }

    public long DataLossCount => _runs.Count > 0 ? _runs.DataLossCount : _snapshot.Record?.DataLossCount ?? 0;

    public DateTime LastTimeUtc => _runs.Count > 0 ? _lastTime : _snapshot.Record?.TimeUtc ?? DateTime.MinValue;

    /// <summary>Once true, stays so over restarts, until an entry of a higher epoch than any seen before the tear proves the log whole.</summary>
    public bool HadTornTail => _tornEpoch >= Last.Epoch.Value;

    public LogSnapshot? Snapshot => _snapshot.Get();

    public Epoch? EpochAt(LogIndex index)
    {
        if (index == Base.Index) return Base.Epoch;
        return index < Base.Index || index > Last.Index ? null : _runs.EpochAt(index);
    }

    public LogIndex? SkipOf(LogIndex entry) => _skips.Of(entry);

    public LogIndex? SkippedAcross(LogIndex index) => _skips.Across(index);

    public IReadOnlyList<LogEntry> Read(LogIndex from, int maxCount, int maxBytes)
    {
        ObjectDisposedException.ThrowIf(_dropped, this);
        if (from <= Base.Index || from > Last.Index) return [];
        var most = (int)Math.Min(maxCount, Last.Index - from + 1);
        var entries = new List<LogEntry>(Math.Min(most, 128));
        var bytes = 0L;
        RecordReader? reader = null;
        try
        {
            for (var index = from; entries.Count < most && (entries.Count == 0 || bytes < maxBytes); index = index.Next())
            {
                var entry = _tail.Find(index) ?? _stored.ReadEntry(reader ??= _stored.Open(), new LogPosition(_runs.EpochAt(index), index));
                entries.Add(entry);
                bytes += EntryCodec.SizeOf(entry);
            }
        }
        finally
        {
            reader?.Dispose();
        }

        return entries;
    }

    /// <inheritdoc/>
    /// <remarks>With no entries it only waits for what was written before.</remarks>
    public Task AppendAsync(IReadOnlyList<LogEntry> entries)
    {
        ThrowIfUnusable();
        if (entries.Count == 0) return _log.Failed.IsCompletedSuccessfully ? Task.FromException(_log.Failed.Result) : _written;
        var last = Last;
        for (var i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            if (entry.Index != last.Index.Next() || entry.Epoch < last.Epoch) throw new ArgumentException($"Entry {entry.Position} cannot follow {last}.", nameof(entries));
            last = entry.Position;
        }

        // Before the flushing thread can know of them, so that it never evicts what comes later.
        for (var i = 0; i < entries.Count; i++) _tail.Add(entries[i]);
        LogTicket ticket;
        try
        {
            ticket = _log.Commit.Append(_name, _pins, _tail, entries);
        }
        catch (Exception ex)
        {
            _tail.RemoveLast(entries.Count);
            if (ex is IOException) return Task.FromException(ex);
            throw;
        }

        for (var i = 0; i < entries.Count; i++)
        {
            _runs.Add(entries[i].Position, entries[i].DataLossCount);
            _skips.Appended(entries[i]);
        }

        _lastTime = entries[^1].TimeUtc;
        _durable.Appended(ticket.Batch, last.Index);
        return _written = ticket.Durable;
    }

    public Task CutFromAsync(LogIndex from)
    {
        ThrowIfUnusable();
        if (from > Last.Index) return Task.CompletedTask;
        if (from <= Base.Index || from <= _uncuttable) throw new ArgumentOutOfRangeException(nameof(from), $"A cut from {from} would take what a snapshot holds ({_uncuttable}).");
        var before = from.Previous();
        var time = TimeOf(new LogPosition(EpochAt(before)!.Value, before)); // may find damage: before anything is changed
        try
        {
            var ticket = Write(RecordType.Cut, new LogPosition(Epoch.None, from));
            _runs.CutFrom(from);
            _tail.CutFrom(from);
            _skips.CutFrom(from);
            _lastTime = time;
            _durable.CutFrom(from);
            return ticket.Durable;
        }
        catch (IOException ex)
        {
            return Task.FromException(ex);
        }
    }

    public Task PromiseAsync(Epoch epoch, GroupBirth birth)
    {
        ThrowIfUnusable();
        if (birth.IsOther(Birth)) throw new ArgumentException($"The log is of birth {Birth}, and not of {birth}.", nameof(birth));
        if (epoch <= _promised) return _promise;
        try
        {
            var ticket = Write(RecordType.Control, new LogPosition(epoch, new LogIndex(_tornEpoch)), PromiseRecord.BodyOf(birth.IsNone ? Birth : birth));
            _promised = epoch;
            if (Birth.IsNone) Birth = birth;
            _durable.PromiseMade(ticket.Batch, epoch);
            return _promise = ticket.Durable;
        }
        catch (IOException ex)
        {
            return Task.FromException(ex);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Entries above the snapshot's position or above <paramref name="keepFrom"/> stay readable. One snapshot at a time.</remarks>
    public async Task SaveSnapshotAsync(LogSnapshot snapshot, LogIndex keepFrom)
    {
        ThrowIfUnusable();
        ThrowIfSnapshotting();
        var at = snapshot.Position.Index;
        if (EpochAt(at) != snapshot.Position.Epoch || at < _uncuttable)
            throw new ArgumentException($"The snapshot {snapshot.Position} is not of this log ({Base} to {Last}), or older than the one it has.", nameof(snapshot));
        _snapshotting = true;
        var uncuttableBefore = _uncuttable;
        _uncuttable = at;
        try
        {
            var number = await WriteAsync(snapshot);
            var newBase = LogIndex.Max(Base.Index, LogIndex.Min(keepFrom, at));
            var record = Record(snapshot, new LogPosition(EpochAt(newBase)!.Value, newBase), number);
            await (_written = _snapshot.WriteRecord(RecordType.Snapshot, snapshot, record).Durable);
            await ThrowIfDroppedAsync(number);
            _runs.DropThrough(newBase);
            _tail.DropThrough(newBase);
            _skips.DropThrough(newBase);
            Base = record.Base;
            _snapshot.Switch(snapshot, record, all: false);
        }
        catch
        {
            _uncuttable = uncuttableBefore;
            throw;
        }
        finally
        {
            _snapshotting = false;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Until the task completes nothing else may be written; what was there before stays readable.</remarks>
    public async Task InstallSnapshotAsync(LogSnapshot snapshot)
    {
        ThrowIfUnusable();
        ThrowIfSnapshotting();
        _snapshotting = true;
        _installing = true;
        try
        {
            var number = await WriteAsync(snapshot);
            var record = Record(snapshot, snapshot.Position, number) with { TornEpoch = -1 };
            var ticket = _snapshot.WriteRecord(RecordType.Install, snapshot, record);
            await (_written = ticket.Durable);
            await ThrowIfDroppedAsync(number);
            _runs.Clear();
            _tail.Clear();
            _skips.Clear();
            Base = snapshot.Position;
            _tornEpoch = -1;
            _uncuttable = snapshot.Position.Index;
            _durable.Installed(ticket.Batch, snapshot.Position.Index);
            _snapshot.Switch(snapshot, record, all: true);
        }
        finally
        {
            _snapshotting = false;
            _installing = false;
        }
    }

    public Task SaveOrphansAsync(IReadOnlyList<LogEntry> entries, LogPosition cutAfter)
    {
        ThrowIfUnusable();
        return entries.Count == 0 ? Task.CompletedTask : _log.SaveOrphansAsync(Group, entries, cutAfter);
    }

    /// <summary>Ends this view: its group is gone from the node.</summary>
    public LogTicket Drop()
    {
        ObjectDisposedException.ThrowIf(_dropped, this);
        var ticket = Write(RecordType.Drop, LogPosition.None);
        _dropped = true;
        return ticket;
    }

    /// <summary>The number of the present snapshot in the snapshot log; 0: it is not there.</summary>
    public long SnapshotNumber => _snapshot.Record?.Number ?? 0;

    private SnapshotRecord Record(LogSnapshot snapshot, LogPosition newBase, long number) =>
        new(snapshot.Position, newBase, _promised, _tornEpoch, snapshot.DataLossCount, snapshot.TimeUtc, number, Birth);

    // Of what is too large for the log; else 0.
    private async Task<long> WriteAsync(LogSnapshot snapshot)
    {
        var number = await _snapshot.WriteAsync(snapshot);
        await ThrowIfDroppedAsync(number);
        return number;
    }

    private async Task ThrowIfDroppedAsync(long number)
    {
        if (!_dropped) return;
        await _written; // the drop's record: until it is durable, one that names the snapshot may be the group's newest
        _snapshot.Release(number);
        throw new ObjectDisposedException(nameof(FileLogger));
    }

    private LogTicket Write(RecordType type, LogPosition position, ReadOnlySpan<byte> body = default)
    {
        var ticket = _log.Commit.Add(type, _name, _pins, position, body, []);
        _written = ticket.Durable;
        return ticket;
    }

    private DateTime TimeOf(LogPosition position)
    {
        if (position.Index <= Base.Index) return _snapshot.Record?.TimeUtc ?? DateTime.MinValue;
        return (_tail.Find(position.Index) ?? _stored.ReadEntry(position)).TimeUtc;
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_dropped, this);
        if (_installing) throw new InvalidOperationException($"A snapshot is being installed for '{Group}'; wait for it.");
    }

    private void ThrowIfSnapshotting()
    {
        if (_snapshotting) throw new InvalidOperationException($"A snapshot of '{Group}' is being stored; one at a time.");
    }
}
