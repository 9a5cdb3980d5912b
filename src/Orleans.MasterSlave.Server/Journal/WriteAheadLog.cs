using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The silo's log on disk, shared by all its replicas (D1–D6; docs/log.md). Thread safe. Does not own the <see cref="LogDirectory"/>.
/// </summary>
internal sealed partial class WriteAheadLog : IAsyncDisposable
{
    private const int MaxOrphanFilesAtOnce = 4;

    private readonly LogDirectory _directory;
    private readonly WriteAheadLogOptions _options;
    private readonly ILogger _logger;
    private readonly RecoveryResult _found;
    private readonly SegmentWriter _writer;
    private readonly LogCleaner _cleaner;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _orphanFiles = new(MaxOrphanFilesAtOnce); // more only delay the log's own syncs

    // Under _gate.
    private readonly Dictionary<GroupId, FileLogger> _open = [];

    private WriteAheadLog(LogDirectory directory, WriteAheadLogOptions options, TimeProvider time, ILogger logger)
    {
        _directory = directory;
        _options = options;
        _logger = logger;
        var started = time.GetTimestamp();
        SegmentFiles = new SegmentFiles(directory.Files, directory.Path);
        (_found, _writer, var durableBatch) = new LogRecovery(directory, SegmentFiles, time, logger).Run(options.SegmentBytes);
        Snapshots = new SnapshotLog(directory.Files, directory.Path, directory.NodeId, options.SegmentBytes, ex => Commit!.Fail(ex));
        Snapshots.Begin([.. _found.Groups.Values.Select(group => group.Snapshot?.Number ?? 0).Where(number => number > 0)], keepAll: _found.FirstDamagedSegment != long.MaxValue);
        foreach (var group in _found.Groups.Values) Pins.Add(group.Pins);
        if (_found.UnknownDamage is not null) Pins.HoldFrom(_found.FirstDamagedSegment);
        if (!_found.TornUnknownPlace.IsNowhere)
        {
            var ofNobody = new GroupPins(default, []);
            ofNobody.Apply(RecordType.TornUnknown, 0, _found.TornUnknownPlace);
            Pins.Add(ofNobody);
        }

        var first = new BatchBuffer();
        first.Begin(durableBatch + 1);
        Commit = new GroupCommit(_writer, Pins, options, time, first, durableBatch) { Rolled = OnRolled, FullChanged = OnFullChanged };
        var pace = new RewritePace(options.RewriteBytesPerSecond, time, _closing.Token);
        _cleaner = new LogCleaner(
            new SegmentRewriter(directory, SegmentFiles, Pins, _writer, Commit, options.SegmentBytes, pace, time, logger),
            new SnapshotRewriter(directory.Files, Snapshots.Files, Commit, options.SegmentBytes, pace, time, logger), Commit, options, _closing);
        Snapshots.Files.MuchUnneeded = _cleaner.LookAtSnapshots;
        LogOpened(directory.Path, _found.Groups.Count, SegmentFiles.Count, time.GetElapsedTime(started));
        try
        {
            Commit.Start();
        }
        catch
        {
            _writer.Dispose();
            throw;
        }

        _cleaner.Start();
        Diagnostics.Discarded.Observe(ReportFailureAsync(), LogFailed);
    }

    /// <summary>
    /// Raised on a pool thread with the groups that hold the oldest segment, when there are <see cref="WriteAheadLogOptions.SnapshotAfterSegments"/>
    /// or more: each should take a snapshot (D5).
    /// </summary>
    public event Action<IReadOnlyList<GroupId>>? SnapshotsWanted;

    /// <summary>Completes, with the reason, when the log has failed for good: the silo resigns its masterships and stops its heartbeats (D2, L1).</summary>
    public Task<LogFailedException> Failed => Commit.Failed;

    /// <summary>For how long the disk has been at one piece of work: while it hangs, nothing becomes durable, and nothing fails (L1).</summary>
    public TimeSpan BusyFor => Commit.BusyFor;

    /// <summary>The groups that this node has something of, quarantined ones included.</summary>
    public IReadOnlyCollection<GroupId> Groups
    {
        get
        {
            lock (_gate) return _found.Groups.Keys.Union(_open.Keys).ToArray();
        }
    }

    /// <summary>The groups that cannot be opened because of damage (D3), and why.</summary>
    public IReadOnlyCollection<LogDamagedException> Quarantined
    {
        get
        {
            lock (_gate) return [.. _found.Groups.Values.Select(group => group.Damage).Concat(_open.Values.Select(log => log.Damage)).OfType<LogDamagedException>()];
        }
    }

    /// <summary>What this node holds of a group; from any thread, and without opening it (I4).</summary>
    public GroupHolding HoldingOf(GroupId group)
    {
        lock (_gate)
        {
            if (_open.TryGetValue(group, out var open)) return open.HoldsData ? GroupHolding.Data : GroupHolding.Nothing;
            if (_found.Groups.TryGetValue(group, out var found) && found.HoldsData) return GroupHolding.Data;
            return _found.UnknownDamage is not null && !_found.Whole.Contains(group) ? GroupHolding.Unknown : GroupHolding.Nothing;
        }
    }

    /// <summary>Number of batch syncs of this life.</summary>
    public long Syncs => Commit.Syncs;

    /// <summary>Number of segment files in the log.</summary>
    public int Segments => SegmentFiles.Count;

    /// <summary>Bytes of durable entries that are kept in memory.</summary>
    public long RecentBytes => Commit.RecentBytes;

    internal GroupCommit Commit { get; }

    internal SnapshotLog Snapshots { get; }

    internal SegmentPins Pins { get; } = new();

    internal SegmentFiles SegmentFiles { get; }

    internal NodeId Node => _directory.NodeId;

    internal int MaxInlineSnapshotBytes => Math.Min(_options.InlineSnapshotBytes, _options.SegmentBytes / 8);

    /// <summary>Reads the log back and opens it for writing.</summary>
    /// <exception cref="LogDamagedException">The list of segments itself is damaged; damage to groups is told when they are opened.</exception>
    /// <exception cref="LogFormatException">A file is of an unknown version, or not one of this log's.</exception>
    /// <exception cref="LogDirectoryMismatchException">A file is of another node.</exception>
    /// <exception cref="LogFullException">There is no room to begin.</exception>
    /// <exception cref="LogDirectoryAccessException">A file cannot be read or written.</exception>
    public static WriteAheadLog Open(LogDirectory directory, WriteAheadLogOptions options, TimeProvider time, ILogger logger)
    {
        options.Validate();
        return Readable(directory, () => new WriteAheadLog(directory, options, time, logger));
    }

    /// <summary>Opens a group's log; an empty one when the node has none of it. The same object as long as it is not dropped.</summary>
    /// <exception cref="LogDamagedException">The group is quarantined (D3).</exception>
    /// <exception cref="LogFormatException">The group's snapshot is of an unknown version.</exception>
    /// <exception cref="LogDirectoryAccessException">The group's snapshot cannot be read.</exception>
    public IReplicaLog OpenReplica(GroupId group)
    {
        RecoveredGroup? found;
        lock (_gate)
        {
            if (FindOpen(group) is { } open) return open;
            if (!_found.Groups.TryGetValue(group, out found))
            {
                if (_found.UnknownDamage is { } damage && !_found.Whole.Contains(group))
                    throw new LogDamagedException(damage.Message, damage.File, damage.Offset, group);
                found = new RecoveredGroup(group, GroupBytes.Of(group));
                if (_found.TornUnknown && !_found.Whole.Contains(group)) found.TornEpoch = 0;
                _found.Groups.Add(group, found);
                Pins.Add(found.Pins);
            }

            if (found.Damage is { } own) throw new LogDamagedException(own.Message, own.File, own.Offset, group, own);
        }

        // Not under the gate: a snapshot is read, which may be large. By one at a time: what the first goes on to write may replace what another still reads.
        lock (found)
        {
            lock (_gate)
                if (FindOpen(group) is { } open) return open;
            var logger = Readable(_directory, () => new FileLogger(this, found));
            lock (_gate)
            {
                if (!_found.Groups.TryGetValue(group, out var still) || still != found) throw new ObjectDisposedException(nameof(FileLogger), $"'{group}' was dropped while it was opened.");
                _found.Groups.Remove(group);
                _open.Add(group, logger);
                return logger;
            }
        }
    }

    private FileLogger? FindOpen(GroupId group)
    {
        if (!_open.TryGetValue(group, out var open)) return null;
        return open.Damage is { } damage ? throw new LogDamagedException(damage.Message, damage.File, damage.Offset, group, damage) : open;
    }

    /// <summary>Forgets all that this node has of a group, quarantined or not (G8). Durable when the task completes; the group can be opened anew at once.</summary>
    public async Task DropReplicaAsync(GroupId group)
    {
        Task durable;
        long snapshot;
        lock (_gate)
        {
            // Only when the record is accepted is the group gone; a full or failed log leaves it as it is.
            if (_open.TryGetValue(group, out var logger))
            {
                (durable, snapshot) = (logger.Drop().Durable, logger.SnapshotNumber);
                _open.Remove(group);
            }
            else
            {
                var found = _found.Groups.GetValueOrDefault(group);
                snapshot = found?.Snapshot?.Number ?? 0;
                durable = Commit.Add(RecordType.Drop, GroupBytes.Of(group), found?.Pins, LogPosition.None, [], []).Durable;
                _found.Groups.Remove(group);
            }

            _found.Whole.Add(group);
        }

        await durable;
        if (snapshot > 0) Snapshots.Release(snapshot);
    }

    /// <summary>The groups whose records hold the oldest segment.</summary>
    public IReadOnlyList<GroupId> GroupsHoldingOldestSegment() => Pins.GroupsHolding(_writer.Oldest);

    /// <summary>Makes durable what was accepted, closes the log in order and releases its files.</summary>
    public async ValueTask DisposeAsync()
    {
        await _cleaner.StopAsync();
        await Snapshots.StopAsync();
        await Commit.StopAsync();
        Snapshots.Dispose();
        SegmentFiles.Dispose();
    }

    /// <summary>Clears away now, as the log does by itself when it has grown; returns the number of segment files that went.</summary>
    internal Task<int> CleanAsync(int keepNewest) => _cleaner.CleanAsync(keepNewest);

    internal void ReportDamage(LogDamagedException damage) => LogDamageRead(damage.Group?.ToString() ?? "", damage);

    /// <summary>Writes a snapshot to the snapshot log and returns its number, to be named by a record or released.</summary>
    internal Task<long> WriteSnapshotAsync(byte[] group, LogSnapshot snapshot)
    {
        ThrowIfFailed();
        return Snapshots.WriteAsync(group, snapshot);
    }

    /// <summary>Saves operations that are going to be cut, off the replica's thread. Any error but a full disk fails the log (D2).</summary>
    internal async Task SaveOrphansAsync(GroupId group, IReadOnlyList<LogEntry> entries, LogPosition cutAfter)
    {
        ThrowIfFailed();
        await _orphanFiles.WaitAsync();
        try
        {
            var path = await Task.Run(() => new OrphanFile(_directory.NodeId, group, cutAfter, entries).Write(_directory.Files, _directory.Path));
            LogOrphans(entries.Count, group, cutAfter, path);
        }
        catch (IOException ex) when (ex is not LogFullException)
        {
            var failure = Commit.Fail(ex);
            throw new LogFailedException(failure.Message, ex);
        }
        finally
        {
            _orphanFiles.Release();
        }
    }

    private void ThrowIfFailed()
    {
        if (Failed.IsCompletedSuccessfully) throw new LogFailedException(Failed.Result.Message, Failed.Result.InnerException);
    }

    // No permission, or the disk does not read: not damage, and the same files may be readable the next time.
    private static T Readable<T>(LogDirectory directory, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception ex) when (FileErrors.IsOfDisk(ex))
        {
            throw new LogDirectoryAccessException($"The log in '{directory.Path}' cannot be used: {ex.Message} Let the silo's user read and write there, or look at the disk.", ex);
        }
    }

    private void OnRolled()
    {
        _cleaner.Look();
        if (SegmentFiles.Count < _options.SnapshotAfterSegments || SnapshotsWanted is not { } wanted) return;
        var groups = GroupsHoldingOldestSegment();
        if (groups.Count == 0) return;
        ThreadPool.QueueUserWorkItem(_ =>
        {
            try
            {
                wanted(groups);
            }
            catch (Exception ex)
            {
                LogHandlerFailed(ex);
            }
        });
    }

    private void OnFullChanged(string? reason)
    {
        if (reason is null) LogRoomAgain();
        else LogFull(reason);
    }

    private async Task ReportFailureAsync() => LogFailed(await Failed);
}
