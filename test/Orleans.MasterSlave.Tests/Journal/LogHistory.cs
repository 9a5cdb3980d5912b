using System.IO.Hashing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>
/// Many lives of one log, all from one seed: appends, cuts, promises, snapshots, installs, drops, orphans, segments rewritten; power failures; recoveries. Beside it stands a
/// model of each group. The same seed gives the same operations of the disk, in the same order.
/// </summary>
/// <param name="seed">Decides everything.</param>
/// <param name="races">Segments are rewritten also beside all that, by a thread that keeps no order, and not only between steps: such a history does not replay.</param>
internal sealed class LogHistory(int seed, bool races)
{
    private const int Groups = 4, Lives = 6, MaxRounds = 40, MaxTogether = 8, MaxOperations = 600;

    private readonly Random _random = new(seed);
    private readonly GroupModel[] _models = [.. Enumerable.Range(0, Groups).Select(_ => new GroupModel())];
    private readonly IReplicaLog[] _logs = new IReplicaLog[Groups];
    private readonly XxHash3 _trace = new();
    private SimulatedFiles _disk = new();
    private int _orphans;
    private int _firstActive, _active = Groups;

    /// <summary>Stands for every operation of the disk, in order.</summary>
    public ulong Trace => _trace.GetCurrentHashAsUInt64();

    /// <summary>Number of files that went because segments were rewritten between steps.</summary>
    public int Rewritten { get; private set; }

    public async Task RunAsync()
    {
        for (var life = 0; life < Lives; life++)
        {
            var disk = new SteppedDisk(_disk, _random.Next(MaxOperations), new Random(_random.Next()), _trace);
            try
            {
                await LiveAsync(disk);
            }
            catch (Exception ex) when (disk.Left is not null && ex is LogFailedException or LogDirectoryAccessException or IOException)
            {
                // The power is off.
            }

            _disk = disk.Left ?? _disk.Copy();
            foreach (var model in _models) model.Crash();
        }
    }

    private async Task LiveAsync(SteppedDisk disk)
    {
        var options = SmallSegments;
        options.CleanInBackground = races;
        options.SegmentBytes *= _random.Next(3) == 0 ? 2 : 1;
        (_firstActive, _active) = (_random.Next(Groups), _random.Next(1, Groups + 1)); // the others rest, and hold old segments
        var fixture = Open(disk.Files, options);
        try
        {
            for (var i = 0; i < Groups; i++)
            {
                _logs[i] = fixture.Log.OpenReplica(GroupOf($"g{i}"));
                _models[i].Check(_logs[i], seed);
            }

            var orphans = OrphanFile.List(LogFixture.Path, disk.Files).Sum(path => OrphanFile.Read(path, disk.Files).Entries.Count);
            Assert.InRange(orphans, _orphans, _orphans + 1);
            _orphans = orphans; // the one that a crash cut short is there or is not, from now on
            disk.Begin(fixture.Log);
            var rounds = _random.Next(1, MaxRounds);
            for (var round = 0; round < rounds; round++) await RoundAsync(disk, fixture);
        }
        finally
        {
            disk.End();
            await fixture.DisposeAsync();
        }
    }

    private async Task RoundAsync(SteppedDisk disk, LogFixture fixture)
    {
        var i = NextGroup();
        switch (_random.Next(12))
        {
            case 0:
                var drop = fixture.Log.DropReplicaAsync(GroupOf($"g{i}"));
                _models[i].Dropped(drop);
                await FinishAsync(disk, [(drop, i)]);
                _logs[i] = fixture.Log.OpenReplica(GroupOf($"g{i}"));
                break;
            case 1 when _models[i].Now.Entries.Length > 0:
                var last = _models[i].Now.Last;
                await _logs[i].SaveOrphansAsync(_logs[i].Read(last.Index, 1, 1), new LogPosition(last.Epoch, last.Index.Previous()));
                _orphans++;
                break;
            case 10:
                Rewritten += await fixture.Log.CleanAsync(2);
                for (var group = 0; group < Groups; group++) _models[group].CheckReads(_logs[group], seed);
                break;
            case 11 when races:
                var rewriting = fixture.Log.CleanAsync(2);
                await TogetherAsync(disk);
                await rewriting;
                break;
            case 2 or 3:
                var written = disk.SnapshotWritten.Task;
                var (task, _, inSnapshotLog) = _models[i].Begin(_logs[i], _random, alone: true);
                if (inSnapshotLog) await Task.WhenAny(task, written);
                await FinishAsync(disk, [(task, i)]);
                break;
            default:
                await TogetherAsync(disk);
                break;
        }
    }

    private int NextGroup() => (_firstActive + _random.Next(_active)) % Groups;

    // The log's thread stands still meanwhile: all of them make up the next batch.
    private async Task TogetherAsync(SteppedDisk disk)
    {
        List<(Task Task, int Group)> steps = [];
        for (var count = _random.Next(1, MaxTogether); count > 0; count--)
        {
            var i = NextGroup();
            var task = _models[i].Begin(_logs[i], _random, alone: false).Task;
            if (_models[i].WasRefused(task)) continue;
            steps.Add((task, i));
            if (task.IsFaulted) break; // the log has failed: the model is ahead of it
        }

        await FinishAsync(disk, steps);
    }

    private async Task FinishAsync(SteppedDisk disk, IReadOnlyList<(Task Task, int Group)> steps)
    {
        await disk.GoOnAsync([.. steps.Select(step => step.Task)]);
        foreach (var (task, group) in steps)
        {
            if (_models[group].WasRefused(task)) continue;
            await task;
            _models[group].Observe();
        }
    }
}
