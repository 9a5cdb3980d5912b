using Microsoft.Extensions.Logging.Abstractions;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Reads a log directory without touching it, whether or not a silo is writing to it: recovery's own reading (<see cref="LogRecovery.Read()"/>) of the
/// files of one moment. What a silo would refuse to open on is a finding here (<see cref="Refusals"/>), and all else is read.
/// </summary>
internal sealed class LogInspector : IDisposable
{
    private const int MaxSnapshotRounds = 5;

    private readonly ReadOnlyFiles _files;
    private readonly TimeProvider _time;
    private readonly ReadingProgress? _progress;
    private LogMoment? _moment;

    private LogInspector(string path, ReadOnlyFiles files, TimeProvider time, ReadingProgress? progress)
    {
        _files = files;
        _time = time;
        _progress = progress;
        Identity = LogIdentity.Read(path, files);
        var node = Identity.Node ?? default; // with no file that tells it, no segment can be read either
        Directory = LogDirectory.ForReading(path, files, Identity.File is { } file ? file with { Node = node } : new NodeFile(node, default, 0, ""));
    }

    /// <summary>Whose log it is.</summary>
    public LogIdentity Identity { get; }

    public LogDirectory Directory { get; }

    /// <summary>For reading other files of the directory.</summary>
    public ILogFiles Files => _files;

    /// <summary>The segments of the moment that was read last.</summary>
    public LogMoment Moment => _moment ?? throw new InvalidOperationException("Nothing was read yet.");

    /// <summary>Why a silo would not open the directory; empty: it would, if need be with groups in quarantine.</summary>
    public IEnumerable<LogFinding> Refusals => Moment.Refusals.Prepend(Identity.Finding).OfType<LogFinding>();

    /// <summary>Part of the log could not be read: whether what is missing in the rest is in it, cannot be told.</summary>
    private bool IsPartUnread => Moment.Segments.Any(segment => segment.Finding is { IsUnread: true });

    /// <summary>Opens a directory for reading.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="LogFormatException">It is no log directory.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be read.</exception>
    public static LogInspector Open(string path, TimeProvider? time = null, ILogFiles? disk = null, ReadingProgress? progress = null)
    {
        path = Path.GetFullPath(path);
        if (!System.IO.Directory.Exists(path)) throw new DirectoryNotFoundException($"There is no folder '{path}'.");
        return new LogInspector(path, new ReadOnlyFiles(disk ?? DiskFiles.ForReading, progress), time ?? TimeProvider.System, progress);
    }

    /// <summary>Reads every segment of this moment that can be read. What is wrong is in the result's findings, broken files first.</summary>
    /// <param name="seen">Told of every sound record.</param>
    public RecoveryResult Read(RecordSeen? seen = null)
    {
        _moment = LogMoment.Hold(_files, Directory.Path, Directory.NodeId);
        var found = new LogRecovery(Directory, new SegmentFiles(_files, Directory.Path), _time, NullLogger.Instance) { Seen = Counted(seen) }.Read();
        _moment = _moment.AfterReading(_files, Directory.Path);
        foreach (var refused in _moment.Segments.Select(segment => segment.Finding).OfType<LogFinding>())
            found.Findings.RemoveAll(finding => finding.File == refused.File && finding.Group is null && finding.End >= refused.Offset); // it was shown as a file that ends there
        if (found.TornUnknownPlace.IsNowhere) found.TornUnknown &= found.Findings.Exists(finding => !finding.IsDamage); // else only the unread end looked torn
        if (IsPartUnread) found.Findings.RemoveAll(finding => IsGap(finding, found));
        found.Findings.InsertRange(0, Refusals);
        return found;
    }

    /// <summary>
    /// Reads the snapshot file of each group that has one. A file that is gone or wrong may have been replaced by the running silo since the log was
    /// read: it is told only if the log still names it when it is read again.
    /// </summary>
    /// <param name="found">What <see cref="Read"/> found.</param>
    /// <returns>What is wrong; and the number of snapshots that were replaced faster than they could be read.</returns>
    public (IReadOnlyList<LogFinding> Findings, int Replaced) ReadSnapshots(RecoveryResult found)
    {
        var doubtful = Doubtful(found.Groups.Values);
        List<LogFinding> findings = [];
        for (var round = 1; doubtful.Count > 0 && round < MaxSnapshotRounds; round++)
        {
            found = Read();
            var before = doubtful;
            doubtful = Doubtful(before.Values.Select(doubt => found.Groups.GetValueOrDefault(doubt.Group.Group)).OfType<RecoveredGroup>());
            foreach (var (key, doubt) in doubtful.Where(pair => before.ContainsKey(pair.Key)).ToArray())
            {
                findings.Add(doubt.Finding);
                doubtful.Remove(key);
            }
        }

        return (findings, doubtful.Count);
    }

    public void Dispose() => _files.Dispose();

    private RecordSeen Counted(RecordSeen? seen) => (in RecordHeader header, ReadOnlySpan<byte> record, long segment, long offset, bool confirmed) =>
    {
        _progress?.OnRecord();
        seen?.Invoke(header, record, segment, offset, confirmed);
    };

    private static bool IsGap(LogFinding finding, RecoveryResult found) =>
        finding is { Offset: 0, Group: { } group } && found.Groups.TryGetValue(group, out var of) && of.Gap?.What == finding.What;

    private Dictionary<(string Group, long Snapshot), (RecoveredGroup Group, LogFinding Finding)> Doubtful(IEnumerable<RecoveredGroup> groups)
    {
        using var snapshots = new SnapshotFiles(_files, Directory.Path, Directory.NodeId);
        snapshots.Load();
        var reader = new SnapshotReader(snapshots);
        Dictionary<(string, long), (RecoveredGroup, LogFinding)> doubtful = [];
        foreach (var group in groups)
        {
            if (group.Snapshot is not { Number: > 0 } snapshot) continue;
            var file = snapshots.FileOf(snapshot.Number);
            try
            {
                if (IsPartUnread && (file is null || snapshots.PlaceOf(file, snapshot.Number, fresh: false) is null)) continue; // a record that was not read may name another
                reader.Read(group.Group, group.Name, snapshot);
            }
            catch (Exception ex) when (FileErrors.IsUnreadable(ex))
            {
                // Gone between two looks at it: damage, if the log still names it.
                var path = file?.Path ?? snapshots.PathOf(snapshot.Number);
                var reason = ex is FileNotFoundException ? new LogDamagedException($"A snapshot of '{group.Group}' is missing.", path, 0, group.Group, ex) : ex;
                doubtful.Add((group.Group.ToString(), snapshot.Number), (group, LogFinding.Of(reason, path)));
            }
        }

        return doubtful;
    }
}
