using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Disk;

/// <summary>
/// One replica's log in one life of its process. What was appended or cut is visible at once; it is durable when the writer says so. Checks that it
/// is used as <see cref="IReplicaLog"/> demands.
/// </summary>
internal sealed class SimDisk : IReplicaLog
{
    private const long InMemory = 3; // of the newest entries

    private readonly SimWorld _world;
    private readonly SimLane _lane;
    private readonly DiskContents _contents;
    private readonly DiskWriter _writer;
    private List<(LogEntry Entry, long Write)> _entries = [];
    private long _writes, _landed;
    private int _durable;          // how many of the visible entries are durable
    private readonly bool _wasTorn;
    private readonly DiskFaults _faults;
    private int _installing;

    public SimDisk(SimWorld world, SimLane lane, SimRandom random, DiskContents contents, DiskFaults faults)
    {
        (_world, _lane, _contents, _faults) = (world, lane, contents, faults);
        _writer = new DiskWriter(world, lane, random, contents, faults);
        _wasTorn = contents.IsTorn;
        _entries.AddRange(contents.Entries.Select(e => (e, 0L)));
        _durable = _entries.Count;
        Base = contents.Base;
        Snapshot = contents.Snapshot;
        PromisedEpoch = contents.Promised;
        Birth = contents.Birth;
    }

    public LogPosition Last => _entries.Count > 0 ? _entries[^1].Entry.Position : Base;
    public LogPosition Base { get; private set; }
    public LogIndex DurableIndex => Base.Index + Math.Min(_durable, _entries.Count);
    public Epoch PromisedEpoch { get; private set; }
    public GroupBirth Birth { get; private set; }
    public long DataLossCount => _entries.Count > 0 ? _entries[^1].Entry.DataLossCount : Snapshot?.DataLossCount ?? 0;
    public DateTime LastTimeUtc => _entries.Count > 0 ? _entries[^1].Entry.TimeUtc : Snapshot?.TimeUtc ?? DateTime.MinValue;
    public bool HadTornTail => _wasTorn && _contents.IsTorn;
    public LogSnapshot? Snapshot { get; private set; }
    public DiskContents Contents => _contents;
    public bool HasFailed => _writer.HasFailed;

    /// <summary>Since when one flush has been under way; null: none is.</summary>
    public TimeSpan? FlushingSince => _writer.FlushingSince;

    /// <summary>Told when the disk does not read: the log has failed for good.</summary>
    public Action? ReadFailed { get; init; }

    public void Fail() => _writer.Fail();
    public void Crash() => _writer.Crash();

    public Epoch? EpochAt(LogIndex index)
    {
        if (index == Base.Index) return Base.Epoch;
        return index > Base.Index && index <= Last.Index ? At(index).Epoch : null;
    }

    public LogIndex? SkipOf(LogIndex entry) => Skips().Of(entry);

    public LogIndex? SkippedAcross(LogIndex index) => Skips().Across(index);

    private SkipList Skips()
    {
        var skips = new SkipList();
        foreach (var (entry, _) in _entries) skips.Appended(entry);
        return skips;
    }

    public IReadOnlyList<LogEntry> Read(LogIndex from, int maxCount, int maxBytes)
    {
        Contract(from > Base.Index, $"reads begin after the base {Base}, not at {from}");
        if (_faults.FailsToRead && Last.Index - from >= InMemory)
        {
            _faults.FailsToRead = false;
            _world.Count("read error");
            ReadFailed?.Invoke();
            throw new LogFailedException("The simulated disk does not read.");
        }

        var read = new List<LogEntry>();
        long bytes = 0;
        for (var index = from; index <= Last.Index && read.Count < maxCount && (read.Count == 0 || bytes < maxBytes); index = index.Next())
        {
            read.Add(At(index));
            bytes += At(index).Payload.Length + 64;
        }

        return read;
    }

    public Task AppendAsync(IReadOnlyList<LogEntry> entries)
    {
        Enter();
        if (entries.Count > 0 && Refuses(RefusedWrites.Entries) is { } full) return full;
        var appended = entries.ToArray();
        var write = _writes + 1;
        if (!_writer.HasFailed)
        {
            foreach (var entry in appended)
            {
                Contract(entry.Index == Last.Index.Next(), $"entry {entry.Position} follows {Last}");
                Contract(entry.Epoch >= Last.Epoch, $"epochs never go back: {entry.Position} after {Last}");
                Contract(entry.TimeUtc >= LastTimeUtc || entry.Kind == EntryKind.Barrier, $"times never go back: {entry.Position}");
                _entries.Add((entry, write));
            }
        }

        return Enqueue(() => _contents.Append(appended), () => { }, appended.Length == 0 ? null : r => _contents.Append(appended.Take(r.Below(appended.Length))));
    }

    public Task CutFromAsync(LogIndex from)
    {
        Enter();
        Contract(from > Base.Index, $"nothing is cut at or below the base {Base}: {from}");
        if (Refuses(RefusedWrites.Marks) is { } full) return full;
        if (from <= Last.Index) _entries.RemoveRange((int)(from - Base.Index) - 1, (int)(Last.Index - from) + 1);
        if (_faults.Lie != DiskLie.CutLeavesMarks) _durable = Math.Min(_durable, _entries.Count);
        return Enqueue(() => _contents.CutFrom(from), () => { }, null);
    }

    public Task PromiseAsync(Epoch epoch, GroupBirth birth)
    {
        Enter();
        Contract(!birth.IsNone && !birth.IsOther(Birth), $"a log is of one birth: {birth} after {Birth}");
        if (epoch > PromisedEpoch && Refuses(RefusedWrites.Marks) is { } full) return full;
        if (Birth.IsNone) Birth = birth;
        return Enqueue(() => _contents.Promise(epoch, birth), () => PromisedEpoch = epoch > PromisedEpoch ? epoch : PromisedEpoch, null);
    }

    public Task SaveSnapshotAsync(LogSnapshot snapshot, LogIndex keepFrom)
    {
        Enter();
        Contract(EpochAt(snapshot.Position.Index) == snapshot.Position.Epoch, $"a snapshot is of a position in the log: {snapshot.Position}");
        if (Refuses(RefusedWrites.Files) is { } full) return full;
        _world.Count("snapshot");
        return Enqueue(() => _contents.Save(snapshot, keepFrom), () =>
        {
            Contract(EpochAt(snapshot.Position.Index) == snapshot.Position.Epoch, $"what a snapshot covers is not cut: {snapshot.Position}");
            Snapshot = snapshot;
            DropThrough(LogIndex.Min(snapshot.Position.Index, keepFrom));
        }, null);
    }

    public Task InstallSnapshotAsync(LogSnapshot snapshot)
    {
        Enter();
        if (Refuses(RefusedWrites.Files) is { } full) return full;
        _installing++;
        return Enqueue(() => _contents.Install(snapshot), () =>
        {
            _installing--;
            _entries = [];
            _durable = 0;
            Base = snapshot.Position;
            Snapshot = snapshot;
        }, null);
    }

    public Task SaveOrphansAsync(IReadOnlyList<LogEntry> entries, LogPosition cutAfter)
    {
        Enter();
        if (Refuses(RefusedWrites.Files) is { } full) return full;
        var saved = entries.ToArray();
        return Enqueue(() => _contents.Orphans.AddRange(saved), () => { }, null);
    }

    public static void Contract(bool holds, string rule)
    {
        if (!holds) throw new SimulationException($"The log was used against its contract: {rule}");
    }

    private LogEntry At(LogIndex index) => _entries[(int)(index - Base.Index) - 1].Entry;

    private void Enter()
    {
        Contract(TaskScheduler.Current == _lane, "a log is called from its replica's thread only");
        Contract(_installing == 0 || _writer.HasFailed, "nothing is written while a snapshot is installed");
    }

    private Task? Refuses(RefusedWrites kind)
    {
        if (_writer.HasFailed || !_faults.FullFor.HasFlag(kind)) return null;
        _world.Count($"disk full for {kind}");
        return Task.FromException(new LogFullException("The simulated disk is full."));
    }

    private Task Enqueue(Action land, Action landed, Action<SimRandom>? torn)
    {
        var write = ++_writes;
        return _writer.Enqueue(new DiskWrite(land, () =>
        {
            _landed = write;
            landed();
            while (_durable < _entries.Count && _entries[_durable].Write <= _landed) _durable++;
        }, torn, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
    }

    private void DropThrough(LogIndex index)
    {
        if (index <= Base.Index) return;
        var count = (int)(index - Base.Index);
        Base = _entries[count - 1].Entry.Position;
        _entries.RemoveRange(0, count);
        _durable = Math.Max(0, _durable - count);
    }
}
