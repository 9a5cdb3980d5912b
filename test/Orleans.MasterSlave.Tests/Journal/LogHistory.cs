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
/// <param name="rewrites">Segments are rewritten beside all that, by a thread that keeps no order: such a history does not replay.</param>
internal sealed class LogHistory(int seed, bool rewrites)
{
    private const int Groups = 4, Lives = 6, MaxRounds = 40, MaxTogether = 8, MaxOperations = 600;

    private readonly Random _random = new(seed);
    private readonly GroupModel[] _models = [.. Enumerable.Range(0, Groups).Select(_ => new GroupModel())];
    private readonly IReplicaLog[] _logs = new IReplicaLog[Groups];
    private readonly XxHash3 _trace = new();
    private SimulatedFiles _disk = new();
    private int _orphans;

    /// <summary>Stands for every operation of the disk, in order.</summary>
    public ulong Trace => _trace.GetCurrentHashAsUInt64();

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
        options.RewriteSegments = rewrites;
        var fixture = Open(disk.Files, options);
        try
        {
            for (var i = 0; i < Groups; i++)
            {
                _logs[i] = fixture.Log.OpenReplica(GroupOf($"g{i}"));
                _models[i].Check(_logs[i], seed);
            }

            Assert.InRange(OrphanFile.List(LogFixture.Path, disk.Files).Sum(path => OrphanFile.Read(path, disk.Files).Entries.Count), _orphans, _orphans + 1);
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
        var i = _random.Next(Groups);
        switch (_random.Next(10))
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
            case 2 or 3:
                var file = disk.SnapshotFile.Task;
                var (task, _, inFile) = _models[i].Begin(_logs[i], _random, alone: true);
                if (inFile) await Task.WhenAny(task, file);
                await FinishAsync(disk, [(task, i)]);
                break;
            default:
                await TogetherAsync(disk);
                break;
        }
    }

    // The log's thread stands still meanwhile: all of them make up the next batch.
    private async Task TogetherAsync(SteppedDisk disk)
    {
        List<(Task Task, int Group)> steps = [];
        for (var count = _random.Next(1, MaxTogether); count > 0; count--)
        {
            var i = _random.Next(Groups);
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
