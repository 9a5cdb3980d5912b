using Microsoft.Extensions.Logging.Abstractions;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Reads a log directory without touching it, whether or not a silo is writing to it: recovery's own reading (<see cref="LogRecovery.Read()"/>) of the
/// files of one moment.
/// </summary>
internal sealed class LogInspector : IDisposable
{
    private const int MaxAttempts = 100;
    private const int MaxSnapshotRounds = 5;

    private readonly ReadOnlyFiles _files = new();
    private readonly TimeProvider _time;

    private LogInspector(string path, TimeProvider time)
    {
        _time = time;
        Directory = LogDirectory.ForReading(path, _files);
    }

    public LogDirectory Directory { get; }

    /// <summary>The segments of the moment that was read last.</summary>
    public SegmentManifest Manifest { get; private set; }

    /// <summary>Opens a directory for reading.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="LogFormatException">It is no log directory, or of another version.</exception>
    /// <exception cref="LogDamagedException">The node's identity is gone or damaged.</exception>
    public static LogInspector Open(string path, TimeProvider? time = null)
    {
        path = Path.GetFullPath(path);
        if (!System.IO.Directory.Exists(path)) throw new DirectoryNotFoundException($"There is no folder '{path}'.");
        return new LogInspector(path, time ?? TimeProvider.System);
    }

    /// <summary>Reads every segment of this moment.</summary>
    /// <param name="seen">Told of every sound record.</param>
    /// <exception cref="LogDamagedException">The list of segments is gone or damaged.</exception>
    /// <exception cref="LogFormatException">A file is of another version, or not a log's.</exception>
    /// <exception cref="LogDirectoryMismatchException">A file is another node's.</exception>
    public RecoveryResult Read(RecordSeen? seen = null)
    {
        HoldSegments();
        return new LogRecovery(Directory, new SegmentFiles(_files, Directory.Path), _time, NullLogger.Instance) { Seen = seen }.Read();
    }

    /// <summary>
    /// Reads the snapshot file of each group that has one. A file that is gone or wrong may have been replaced by the running silo since the log was
    /// read: it is damage only if the log still names it when it is read again.
    /// </summary>
    /// <param name="found">What <see cref="Read"/> found.</param>
    /// <returns>What is wrong; and the number of snapshots that were replaced faster than they could be read.</returns>
    public (IReadOnlyList<LogDamagedException> Damages, int Unread) ReadSnapshots(RecoveryResult found)
    {
        var doubtful = Doubtful(found, found.Groups.Values);
        List<LogDamagedException> damages = [];
        for (var round = 1; doubtful.Count > 0 && round < MaxSnapshotRounds; round++)
        {
            found = Read();
            var before = doubtful;
            doubtful = Doubtful(found, before.Values.Select(doubt => found.Groups.GetValueOrDefault(doubt.Group.Group)).OfType<RecoveredGroup>());
            foreach (var (key, doubt) in doubtful.Where(pair => before.ContainsKey(pair.Key)).ToArray())
            {
                damages.Add(doubt.Damage);
                doubtful.Remove(key);
            }
        }

        return (damages, doubtful.Count);
    }

    public void Dispose() => _files.Dispose();

    private Dictionary<(string Group, long File), (RecoveredGroup Group, LogDamagedException Damage)> Doubtful(RecoveryResult found, IEnumerable<RecoveredGroup> groups)
    {
        var store = new SnapshotStore(_files, Directory.Path, Directory.NodeId);
        Dictionary<(string, long), (RecoveredGroup, LogDamagedException)> doubtful = [];
        foreach (var group in groups)
        {
            if (group.Snapshot is not { FileNumber: > 0 } snapshot) continue;
            try
            {
                store.Read(group.Group, group.Name, snapshot);
            }
            catch (Exception ex) when (ex is LogDamagedException or FileNotFoundException)
            {
                doubtful.Add((group.Group.ToString(), snapshot.FileNumber), (group, ex as LogDamagedException
                    ?? new LogDamagedException($"A snapshot of '{group.Group}' is missing.", ((FileNotFoundException)ex).FileName ?? "", 0, group.Group, ex)));
            }
        }

        return doubtful;
    }

    // Files are deleted only after the list has changed. So what was opened between two equal lists is complete.
    private void HoldSegments()
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            _files.Release();
            var manifest = SegmentManifest.Read(_files, Directory.Path, Directory.NodeId);
            for (var number = manifest.First; number <= manifest.Last; number++)
                _files.Hold(Path.Combine(Directory.Path, SegmentHeader.FileName(number)), growing: number == manifest.Last);
            if (SegmentManifest.Read(_files, Directory.Path, Directory.NodeId) != manifest) continue;
            Manifest = manifest;
            return;
        }

        throw new IOException($"The log in '{Directory.Path}' changes faster than it can be opened. Try again, or copy the directory first.");
    }
}
