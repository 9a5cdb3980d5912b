using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Reads back from the disk what a replica's log does not have in memory. Damage that is met is reported, and stays (D3); a disk that
/// does not read fails the whole log (D2), unless the replica is only being opened and has begun nothing. Used by the replica's thread;
/// others may ask for <see cref="Damage"/>.
/// </summary>
internal sealed class StoredRecords(WriteAheadLog log, GroupId group, GroupPins pins, byte[] name)
{
    private LogDamagedException? _damage;
    private bool _inUse;

    /// <summary>What was found when something was read; the group is quarantined then.</summary>
    public LogDamagedException? Damage => Volatile.Read(ref _damage);

    /// <summary>From here on the log is used.</summary>
    public void TakeInUse() => _inUse = true;

    /// <summary>For reading several entries in one call.</summary>
    public RecordReader Open() => new(log.SegmentFiles, log.Node, pins);

    /// <exception cref="LogDamagedException">It is not what was written, or something else was not before.</exception>
    /// <exception cref="LogFailedException">The disk does not read it; while the log is opened, <see cref="LogReadException"/>.</exception>
    public LogEntry ReadEntry(RecordReader reader, LogPosition position)
    {
        if (_damage is not null) throw new LogDamagedException(_damage.Message, _damage.File, _damage.Offset, group, _damage);
        try
        {
            return reader.ReadEntry(position);
        }
        catch (LogDamagedException ex)
        {
            throw Kept(ex);
        }
        catch (LogReadException ex) when (_inUse)
        {
            throw Failed(ex);
        }
    }

    /// <inheritdoc cref="ReadEntry(RecordReader, LogPosition)"/>
    public LogEntry ReadEntry(LogPosition position)
    {
        using var reader = Open();
        return ReadEntry(reader, position);
    }

    /// <summary>Reads the snapshot in use, from the snapshot log or from the log.</summary>
    /// <exception cref="LogDamagedException">It is not what was written.</exception>
    public LogSnapshot ReadSnapshot(in SnapshotRecord record)
    {
        try
        {
            return record.Number > 0 ? log.Snapshots.Read(group, name, record) : new LogSnapshot
            {
                Position = record.Position, DataLossCount = record.DataLossCount, TimeUtc = record.TimeUtc, State = ReadState(record.Position),
            };
        }
        catch (LogDamagedException ex)
        {
            throw Kept(ex);
        }
        catch (LogReadException ex) when (_inUse)
        {
            throw Failed(ex);
        }
    }

    private byte[] ReadState(LogPosition position)
    {
        using var reader = Open();
        return reader.ReadSnapshotBody(position)[SnapshotRecord.FixedBytes..];
    }

    private LogFailedException Failed(LogReadException error) => new(log.Commit.Fail(error).Message, error);

    private LogDamagedException Kept(LogDamagedException damage)
    {
        Volatile.Write(ref _damage, damage);
        log.ReportDamage(damage);
        return damage;
    }
}
