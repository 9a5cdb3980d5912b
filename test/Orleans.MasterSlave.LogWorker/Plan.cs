using System.Text;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.LogWorker;

/// <summary>
/// What one group does, step by step, and what its log then holds. All follows from the group's and the step's number, so that another process knows
/// it as well.
/// </summary>
internal sealed class Plan(int group)
{
    private readonly List<LogEntry> _entries = [];
    private LogPosition _base;
    private LogSnapshot? _snapshot;
    private Epoch _promised;

    /// <summary>Number of steps taken.</summary>
    public int Steps { get; private set; }

    public GroupId Group { get; } = GroupOf(group);

    // So small that segments are rewritten all the time: what groups that have come to rest need is in the way.
    public static WriteAheadLogOptions Options => new() { SegmentBytes = 64 * 1024, InlineSnapshotBytes = 256, SnapshotAfterSegments = 2 };

    private LogPosition Last => _entries.Count > 0 ? _entries[^1].Position : _base;

    private Epoch Epoch => new(1 + Steps / 13);

    /// <summary>How far a group goes when it is told to go so far: every third comes to rest soon.</summary>
    public static int StepsOf(int group, int steps) => group % 3 == 2 ? steps / 8 : steps;

    public static readonly GroupBirth Birth = new(new Guid("bbbbbbbb-0000-0000-0000-000000000001"));

    public static GroupId GroupOf(int group) => new(GrainId.Create("crash.group", $"g{group}"));

    public static Plan After(int group, int steps)
    {
        var plan = new Plan(group);
        while (plan.Steps < steps) plan.Take();
        return plan;
    }

    /// <summary>Takes the next step here, and tells what does the same to a log.</summary>
    public Func<IReplicaLog, Task> Take()
    {
        var act = Steps switch
        {
            _ when Steps % 40 == 39 => Save(),
            _ when Steps % 13 == 12 && Last.Index.Value > (_snapshot?.Position.Index.Value ?? 0) => Cut(),
            _ when Steps % 17 == 16 => Promise(),
            _ when Steps % 97 == 96 => Install(),
            _ => Append(),
        };
        Steps++;
        return act;
    }

    /// <summary>What a log holds, as text; of the entries only so many.</summary>
    public static string Describe(IReplicaLog log, int entries) =>
        Describe(log.Base, log.Snapshot, log.PromisedEpoch, log.Read(log.Base.Index.Next(), int.MaxValue, int.MaxValue).Take(entries));

    public string Describe(int entries = int.MaxValue) => Describe(_base, _snapshot, _promised, _entries.Take(entries));

    /// <summary>Number of entries in the log.</summary>
    public int Entries => _entries.Count;

    private static string Describe(LogPosition start, LogSnapshot? snapshot, Epoch promised, IEnumerable<LogEntry> entries)
    {
        var text = new StringBuilder($"base {start} promised {promised} snapshot {snapshot?.Position} {(snapshot is null ? "" : Convert.ToHexString(snapshot.State))}");
        foreach (var entry in entries) text.Append($"\n{entry.Position} {Encoding.UTF8.GetString(entry.Payload)}");
        return text.ToString();
    }

    private Func<IReplicaLog, Task> Append()
    {
        var entries = Enumerable.Range(0, 1 + Steps % 3).Select(i => new LogEntry
        {
            Kind = EntryKind.Operation,
            Position = new LogPosition(Epoch, Last.Index + (1 + i)),
            TimeUtc = DateTime.UnixEpoch.AddSeconds(Steps),
            Request = new RequestId(Guid.AllBitsSet, Steps + 1),
            Payload = Encoding.UTF8.GetBytes($"group {group} step {Steps} entry {i} {new string('x', Steps * 37 % 400)}"),
        }).ToArray();
        _entries.AddRange(entries);
        return log => log.AppendAsync(entries);
    }

    private Func<IReplicaLog, Task> Cut()
    {
        var from = Last.Index;
        _entries.RemoveAt(_entries.Count - 1);
        return log => log.CutFromAsync(from);
    }

    private Func<IReplicaLog, Task> Promise()
    {
        var epoch = Epoch.Next();
        _promised = epoch > _promised ? epoch : _promised;
        return log => log.PromiseAsync(epoch, Plan.Birth);
    }

    private Func<IReplicaLog, Task> Save()
    {
        var snapshot = Snapshot(Last);
        var keepFrom = new LogIndex(Math.Max(_base.Index.Value, Last.Index.Value - 2));
        _snapshot = snapshot;
        if (_entries.FindIndex(entry => entry.Index == keepFrom) is >= 0 and var at)
        {
            _base = _entries[at].Position;
            _entries.RemoveRange(0, at + 1);
        }

        return log => log.SaveSnapshotAsync(snapshot, keepFrom);
    }

    private Func<IReplicaLog, Task> Install()
    {
        var snapshot = Snapshot(new LogPosition(Epoch, Last.Index + 5));
        (_base, _snapshot) = (snapshot.Position, snapshot);
        _entries.Clear();
        return log => log.InstallSnapshotAsync(snapshot);
    }

    private LogSnapshot Snapshot(LogPosition position) => new()
    {
        Position = position,
        DataLossCount = 0,
        TimeUtc = DateTime.UnixEpoch.AddSeconds(Steps),
        State = [.. Enumerable.Range(0, Steps % 80 < 40 ? 100 : 9000).Select(i => (byte)(i * 7 + Steps + group))], // in the log, or in the snapshot log
    };
}
