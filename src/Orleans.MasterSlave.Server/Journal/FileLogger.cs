using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// A replica's own log: a view on the silo's <see cref="WriteAheadLog"/>. Keeps the entries since its base in memory. Its methods are called
/// from the replica's thread only; what they change is seen at once, and durable when their task completes.
/// </summary>
internal sealed class FileLogger : IReplicaLog
{
    private readonly WriteAheadLog _log;
    private readonly GroupPins _pins;
    private readonly byte[] _name;
    private readonly List<LogEntry> _entries;
    private readonly DurableMarks _durable;
    private SnapshotRecord? _snapshot;
    private LogSnapshot? _snapshotInMemory;
    private WeakReference<LogSnapshot>? _snapshotRead;
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
        _entries = found.Entries;
        Base = found.Base;
        _snapshot = found.Snapshot;
        if (found is { Snapshot: { } snapshot, InlineState: { } state })
            _snapshotInMemory = new LogSnapshot { Position = snapshot.Position, DataLossCount = snapshot.DataLossCount, TimeUtc = snapshot.TimeUtc, State = state };
        _promised = found.Promised;
        _tornEpoch = found.TornEpoch;
        _uncuttable = found.Snapshot?.Position.Index ?? LogIndex.None;
        _durable = new DurableMarks(log.Commit, Last.Index, _promised);
    }

    public GroupId Group { get; }

    public LogPosition Last => _entries.Count > 0 ? _entries[^1].Position : Base;

    public LogPosition Base { get; private set; }

    public LogIndex DurableIndex => _durable.Index;

    public Epoch PromisedEpoch => _durable.Promised;

    public long DataLossCount => _entries.Count > 0 ? _entries[^1].DataLossCount : _snapshot?.DataLossCount ?? 0;

    public DateTime LastTimeUtc => _entries.Count > 0 ? _entries[^1].TimeUtc : _snapshot?.TimeUtc ?? DateTime.MinValue;

    /// <summary>Once true, stays so over restarts, until an entry of a higher epoch than any seen before the tear proves the log whole.</summary>
    public bool HadTornTail => _tornEpoch >= Last.Epoch.Value;

    public LogSnapshot? Snapshot
    {
        get
        {
            if (_snapshot is not { } record || _snapshotInMemory is not null) return _snapshotInMemory;
            if (_snapshotRead is not null && _snapshotRead.TryGetTarget(out var read)) return read;
            read = _log.Snapshots.Read(Group, _name, record);
            _snapshotRead = new WeakReference<LogSnapshot>(read);
            return read;
        }
    }

    public Epoch? EpochAt(LogIndex index)
    {
        if (index == Base.Index) return Base.Epoch;
        return index < Base.Index || index > Last.Index ? null : _entries[PlaceOf(index)].Epoch;
    }

    public IReadOnlyList<LogEntry> Read(LogIndex from, int maxCount, int maxBytes)
    {
        if (from <= Base.Index || from > Last.Index) return [];
        var first = PlaceOf(from);
        var bytes = 0L;
        var count = 0;
        while (first + count < _entries.Count && count < maxCount && (count == 0 || bytes < maxBytes))
            bytes += EntryCodec.SizeOf(_entries[first + count++]);
        return _entries.GetRange(first, count);
    }

    /// <inheritdoc/>
    /// <remarks>With no entries it only waits for what was written before.</remarks>
    public Task AppendAsync(IReadOnlyList<LogEntry> entries)
    {
        ThrowIfUnusable();
        if (entries.Count == 0) return _log.Failed.IsCompletedSuccessfully ? Task.FromException(_log.Failed.Result) : _written;
        var last = Last;
        foreach (var entry in entries)
        {
            if (entry.Index != last.Index.Next() || entry.Epoch < last.Epoch) throw new ArgumentException($"Entry {entry.Position} cannot follow {last}.", nameof(entries));
            last = entry.Position;
        }

        try
        {
            var ticket = _log.Commit.Append(_name, _pins, entries);
            _entries.AddRange(entries);
            _durable.Appended(ticket.Batch, last.Index);
            return _written = ticket.Durable;
        }
        catch (IOException ex)
        {
            return Task.FromException(ex);
        }
    }

    public Task CutFromAsync(LogIndex from)
    {
        ThrowIfUnusable();
        if (from > Last.Index) return Task.CompletedTask;
        if (from <= Base.Index || from <= _uncuttable) throw new ArgumentOutOfRangeException(nameof(from), $"A cut from {from} would take what a snapshot holds ({_uncuttable}).");
        try
        {
            var ticket = Write(RecordType.Cut, new LogPosition(Epoch.None, from), [], [], from.Value);
            _entries.RemoveRange(PlaceOf(from), _entries.Count - PlaceOf(from));
            _durable.CutFrom(from);
            return ticket.Durable;
        }
        catch (IOException ex)
        {
            return Task.FromException(ex);
        }
    }

    public Task PromiseAsync(Epoch epoch)
    {
        ThrowIfUnusable();
        if (epoch <= _promised) return _promise;
        try
        {
            var ticket = Write(RecordType.Control, new LogPosition(epoch, new LogIndex(_tornEpoch)), [], [], 0);
            _promised = epoch;
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
            var fileNumber = await WriteFileAsync(snapshot);
            ObjectDisposedException.ThrowIf(_dropped, this);
            var newBase = LogIndex.Max(Base.Index, LogIndex.Min(keepFrom, at));
            var record = Record(snapshot, new LogPosition(EpochAt(newBase)!.Value, newBase), fileNumber);
            var before = _snapshot;
            await WriteSnapshot(RecordType.Snapshot, snapshot, record, newBase >= Last.Index ? GroupPins.NoEntryLeft : newBase.Value).Durable;
            _entries.RemoveRange(0, (int)(newBase - Base.Index));
            Base = record.Base;
            Switch(snapshot, record, before);
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
            var fileNumber = await WriteFileAsync(snapshot);
            ObjectDisposedException.ThrowIf(_dropped, this);
            var record = Record(snapshot, snapshot.Position, fileNumber) with { TornEpoch = -1 };
            var before = _snapshot;
            var ticket = WriteSnapshot(RecordType.Install, snapshot, record, 0);
            await ticket.Durable;
            _entries.Clear();
            Base = snapshot.Position;
            _tornEpoch = -1;
            _uncuttable = snapshot.Position.Index;
            _durable.Installed(ticket.Batch, snapshot.Position.Index);
            Switch(snapshot, record, before);
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
        var ticket = Write(RecordType.Drop, LogPosition.None, [], [], 0);
        _dropped = true;
        return ticket;
    }

    /// <summary>The file that holds the present snapshot; 0: none.</summary>
    public long SnapshotFile => _snapshot?.FileNumber ?? 0;

    private Task<long> WriteFileAsync(LogSnapshot snapshot) =>
        snapshot.State.Length <= _log.MaxInlineSnapshotBytes ? Task.FromResult(0L) : _log.WriteSnapshotFileAsync(_name, snapshot);

    private SnapshotRecord Record(LogSnapshot snapshot, LogPosition newBase, long fileNumber) =>
        new(snapshot.Position, newBase, _promised, _tornEpoch, snapshot.DataLossCount, snapshot.TimeUtc, fileNumber);

    private LogTicket WriteSnapshot(RecordType type, LogSnapshot snapshot, in SnapshotRecord record, long pinIndex)
    {
        Span<byte> head = stackalloc byte[SnapshotRecord.FixedBytes];
        record.Write(head);
        try
        {
            return Write(type, snapshot.Position, head, record.FileNumber == 0 ? snapshot.State : [], pinIndex);
        }
        catch (LogFullException) when (record.FileNumber > 0)
        {
            _log.DeleteSnapshotFile(record.FileNumber);
            throw;
        }
    }

    private void Switch(LogSnapshot snapshot, in SnapshotRecord record, in SnapshotRecord? before)
    {
        _snapshot = record;
        _snapshotInMemory = record.FileNumber == 0 ? snapshot : null;
        _snapshotRead = null;
        if (before is { FileNumber: > 0 } old) _log.DeleteSnapshotFile(old.FileNumber);
    }

    private LogTicket Write(RecordType type, LogPosition position, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest, long pinIndex)
    {
        var ticket = _log.Commit.Add(type, _name, _pins, position, head, rest, pinIndex);
        _written = ticket.Durable;
        return ticket;
    }

    private int PlaceOf(LogIndex index) => (int)(index - Base.Index) - 1;

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
