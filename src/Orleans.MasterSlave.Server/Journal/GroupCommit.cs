using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Collects the records of all groups and makes them durable, a batch at a time. Group commit forms itself: what arrives while one batch is
/// being synced is the next. One thread of its own writes and syncs, so a slow disk stops no grain's thread. Thread safe.
/// </summary>
internal sealed class GroupCommit
{
    private readonly object _gate = new();
    private readonly SegmentWriter _writer;
    private readonly LogRoom _room;
    private readonly SegmentPins _pins;
    private readonly RecentEntries _recent; // touched by the flushing thread only
    private readonly TimeProvider _time;
    private readonly int _maxPendingBytes;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<LogFailedException> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Under _gate.
    private BatchBuffer _filling;
    private BatchBuffer _writing = new();
    private LogFailedException? _failure;
    private bool _stopping;
    private bool _closed;
    private bool _waits; // the flushing thread has nothing to do
    private bool _maintain;

    // Written by the flushing thread only.
    private long _durableBatch;
    private long _busySince; // timestamp; 0: it waits for work

    public GroupCommit(SegmentWriter writer, SegmentPins pins, WriteAheadLogOptions options, TimeProvider time, BatchBuffer first, long durableBatch)
    {
        _writer = writer;
        _pins = pins;
        _recent = new RecentEntries(options.RecentEntriesBytes);
        _time = time;
        _maxPendingBytes = options.MaxPendingBytes;
        _filling = first;
        _durableBatch = durableBatch;
        _room = new LogRoom(_gate, writer, time);
        _thread = new Thread(Run) { Name = "Orleans.MasterSlave log", IsBackground = true };
    }

    /// <summary>Completes, with the reason, when the log has failed for good (D2).</summary>
    public Task<LogFailedException> Failed => _failed.Task;

    /// <summary>Number of the newest batch that is durable, and all before it.</summary>
    public long DurableBatch => Volatile.Read(ref _durableBatch);

    /// <summary>Number of syncs of batches so far.</summary>
    public long Syncs { get; private set; }

    /// <summary>For how long the flushing thread has been at its present piece of work; it hangs with the disk (L1).</summary>
    public TimeSpan BusyFor => Volatile.Read(ref _busySince) is > 0 and var since ? _time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Bytes of entries that are kept in memory though they are durable.</summary>
    public long RecentBytes => _recent.Bytes;

    /// <summary>The disk was found full, and no room was found since.</summary>
    public bool IsFull
    {
        get
        {
            lock (_gate) return _room.Full is not null;
        }
    }

    /// <summary>Everything asked of the flushing thread is done.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate) return _failure is not null || (_waits && _filling.IsEmpty && !_maintain && !_room.IsAskedFor);
        }
    }

    /// <summary>Called on the flushing thread when a new segment came into use.</summary>
    public Action? Rolled { get; init; }

    /// <inheritdoc cref="LogRoom.FullChanged"/>
    public Action<string?>? FullChanged { init => _room.FullChanged = value; }

    public void Start()
    {
        _room.Prepare();
        _thread.Start();
    }

    /// <summary>Adds entries of one group. Nothing is added when this throws.</summary>
    /// <exception cref="LogFailedException">The log has failed.</exception>
    /// <exception cref="LogFullException">The disk is full, or does not keep up.</exception>
    public LogTicket Append(byte[] group, GroupPins pins, EntryTail tail, IReadOnlyList<LogEntry> entries)
    {
        var bytes = 0L;
        for (var i = 0; i < entries.Count; i++) bytes += RecordHeader.SizeOf(group.Length, EntryCodec.SizeOf(entries[i]));
        lock (_gate)
        {
            Admit(bytes, evenWhenFull: false);
            for (var i = 0; i < entries.Count; i++)
            {
                var entry = entries[i];
                var body = EntryCodec.SizeOf(entry);
                _filling.Notes.Add(new BatchNote(pins, RecordType.Append, entry.Index.Value, _filling.Length, RecordHeader.SizeOf(group.Length, body), tail, entry));
                EntryCodec.Write(entry, _filling.BeginRecord(RecordType.Append, group, entry.Position, body));
                _filling.EndRecord();
            }

            return Added();
        }
    }

    /// <summary>Adds one other record. Nothing is added when this throws.</summary>
    /// <param name="type">What it says.</param>
    /// <param name="group">Whose it is.</param>
    /// <param name="pins">The group's pins; null for a record of no group.</param>
    /// <param name="position">Epoch and index of the record.</param>
    /// <param name="head">First part of the body.</param>
    /// <param name="rest">Second part of the body.</param>
    public LogTicket Add(RecordType type, byte[] group, GroupPins? pins, LogPosition position, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest)
    {
        var body = head.Length + rest.Length;
        var bytes = RecordHeader.SizeOf(group.Length, body);
        lock (_gate)
        {
            Admit(bytes, evenWhenFull: true);
            if (pins is not null) _filling.Notes.Add(new BatchNote(pins, type, position.Index.Value, _filling.Length, bytes, null, null));
            var to = _filling.BeginRecord(type, group, position, body);
            head.CopyTo(to);
            rest.CopyTo(to[head.Length..]);
            _filling.EndRecord();
            return Added();
        }
    }

    /// <summary>Fails the log for good, also for errors met outside the flushing thread; returns the failure that stands.</summary>
    public LogFailedException Fail(Exception reason)
    {
        lock (_gate)
        {
            if (_failure is not null) return _failure;
            _failure = new LogFailedException($"The log failed, and nothing more is made durable until the silo is started again: {reason.Message}", reason);
            _failed.TrySetResult(_failure);
            _writing.Fail(_failure);
            _filling.Fail(_failure);
            Monitor.PulseAll(_gate);
            return _failure;
        }
    }

    /// <summary>Something was let go: a segment may be free to go.</summary>
    public void Maintain()
    {
        lock (_gate)
        {
            _maintain = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Makes durable what was accepted, notes that the log was closed in order, and stops the thread.</summary>
    public Task StopAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
        }

        return _stopped.Task;
    }

    private void Admit(long bytes, bool evenWhenFull)
    {
        if (_failure is not null) throw new LogFailedException(_failure.Message, _failure.InnerException);
        if (_stopping) throw new LogFailedException("The log is closed.");
        if (bytes > _maxPendingBytes - BatchBuffer.EmptyBytes)
            throw new ArgumentException($"{bytes:N0} bytes at once are more than the log takes ({_maxPendingBytes:N0}, a quarter of a segment).");
        if (_room.Full is { } full && !(evenWhenFull && _room.Fits(_writing.Length + _filling.Length + bytes)))
        {
            _room.Ask();
            Monitor.Pulse(_gate);
            throw new LogFullException(full);
        }

        if (_filling.Length + bytes > _maxPendingBytes)
            throw new LogFullException($"The disk does not keep up: {_filling.Length:N0} bytes wait for it. Try again.");
    }

    private LogTicket Added()
    {
        Monitor.Pulse(_gate);
        return new LogTicket(_filling.Number, _filling.Durable);
    }

    private void Run()
    {
        try
        {
            while (Take(out var batch))
            {
                Volatile.Write(ref _busySince, Math.Max(1, _time.GetTimestamp()));
                if (batch is not null) Write(batch);
                _room.PrepareAgain(freed: _writer.DeleteUnneeded(_pins) > 0);
                Volatile.Write(ref _busySince, 0);
            }
        }
        catch (Exception ex)
        {
            Fail(ex);
        }
        finally
        {
            Release();
            _stopped.TrySetResult();
        }
    }

    // False at the end; no batch when only the spare is asked for.
    private bool Take(out BatchBuffer? batch)
    {
        batch = null;
        lock (_gate)
        {
            while (_filling.IsEmpty && !_stopping && !_room.IsAskedFor && !_maintain && _failure is null)
            {
                _waits = true;
                Monitor.Wait(_gate);
            }

            _waits = false;
            _maintain = false;
            if (_failure is not null) return false;
            if (_filling.IsEmpty && _stopping)
            {
                if (_closed) return false;
                _closed = true;
                _filling.BeginRecord(RecordType.Close, [], LogPosition.None, 0);
                _filling.EndRecord();
            }

            if (_filling.IsEmpty) return true;
            (_filling, _writing) = (_writing, _filling);
            _filling.Begin(_writing.Number + 1);
            batch = _writing;
            return true;
        }
    }

    private void Release()
    {
        try
        {
            _writer.Dispose();
        }
        catch (IOException ex)
        {
            Fail(ex);
        }
    }

    private void Write(BatchBuffer batch)
    {
        var segment = _writer.Current;
        _writer.Write(batch);
        Syncs++;
        TakeNotes(batch);
        lock (_gate)
        {
            _room.Written();
            if (_failure is not null) return; // failed from outside meanwhile: the waiters were told
            Volatile.Write(ref _durableBatch, batch.Number);
            batch.Complete();
            batch.Reset();
        }

        _recent.Trim();
        if (segment != _writer.Current)
        {
            _room.Prepare();
            Rolled?.Invoke();
        }
    }

    // Before the waiters hear of it: what a replica then no longer finds in memory has its place.
    private void TakeNotes(BatchBuffer batch)
    {
        var file = _writer.CurrentFile;
        var start = (int)_writer.Position - batch.Length;
        foreach (var note in batch.Notes)
        {
            _pins.Apply(note.Group, note.Type, note.Index, new RecordPlace(file, start + note.Offset, note.Bytes));
            if (note.Entry is { } entry) _recent.Add(note.Tail!, entry);
        }
    }
}
