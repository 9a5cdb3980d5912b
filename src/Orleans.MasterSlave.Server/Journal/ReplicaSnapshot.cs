namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The present snapshot of one replica's log: what the log's record says of it, its content, and the switch to the next. Used from the replica's thread only.
/// </summary>
internal sealed class ReplicaSnapshot
{
    private readonly WriteAheadLog _log;
    private readonly GroupPins _pins;
    private readonly byte[] _name;
    private readonly StoredRecords _stored;
    private LogSnapshot? _once; // read when the log was opened, and kept until it is asked for
    private WeakReference<LogSnapshot>? _read;

    /// <summary>Reads the snapshot that recovery found, if any.</summary>
    /// <exception cref="LogDamagedException">It is gone, or not what was written.</exception>
    public ReplicaSnapshot(WriteAheadLog log, RecoveredGroup found, StoredRecords stored)
    {
        _log = log;
        _pins = found.Pins;
        _name = found.Name;
        _stored = stored;
        Record = found.Snapshot;
        _once = Read();
    }

    /// <summary>What the log says of it; null when there is none.</summary>
    public SnapshotRecord? Record { get; private set; }

    /// <summary>The content; read again when nobody has it any more.</summary>
    /// <exception cref="LogDamagedException">It is gone, or not what was written.</exception>
    public LogSnapshot? Get()
    {
        var snapshot = _once;
        _once = null;
        if (snapshot is not null || (_read is not null && _read.TryGetTarget(out snapshot))) return snapshot;
        return Read();
    }

    /// <summary>Writes a snapshot that is too large for the log to the snapshot log, and returns its number; 0: it goes into the log.</summary>
    public Task<long> WriteAsync(LogSnapshot snapshot) =>
        snapshot.State.Length <= _log.MaxInlineSnapshotBytes ? Task.FromResult(0L) : _log.WriteSnapshotAsync(_name, snapshot);

    /// <summary>Writes the record that switches to a snapshot when it is durable.</summary>
    public LogTicket WriteRecord(RecordType type, LogSnapshot snapshot, in SnapshotRecord record)
    {
        Span<byte> head = stackalloc byte[SnapshotRecord.FixedBytes];
        record.Write(head);
        try
        {
            return _log.Commit.Add(type, _name, _pins, snapshot.Position, head, record.Number == 0 ? snapshot.State : []);
        }
        catch (LogFullException)
        {
            Release(record.Number);
            throw;
        }
    }

    /// <summary>A snapshot that was written is not to be taken, after all.</summary>
    public void Release(long number)
    {
        if (number > 0) _log.Snapshots.Release(number);
    }

    /// <summary>Takes another snapshot for the present one, whose record is durable, and lets go what nobody needs any more.</summary>
    /// <param name="snapshot">The content.</param>
    /// <param name="record">Its record.</param>
    /// <param name="all">Nothing of before is needed, wherever it lies.</param>
    public void Switch(LogSnapshot snapshot, in SnapshotRecord record, bool all)
    {
        var before = Record;
        Record = record;
        _once = null;
        _read = new WeakReference<LogSnapshot>(snapshot);
        _log.Pins.Release(_pins, record.Base.Index, all); // only now: what the record replaces could be read until here
        _log.Commit.Maintain();
        Release(before?.Number ?? 0);
    }

    private LogSnapshot? Read()
    {
        if (Record is not { } record) return null;
        var read = _stored.ReadSnapshot(record);
        _read = new WeakReference<LogSnapshot>(read);
        return read;
    }
}
