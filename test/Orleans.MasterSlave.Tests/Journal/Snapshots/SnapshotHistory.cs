using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.Snapshots.SnapshotLogs;

namespace Orleans.MasterSlave.Tests.Journal.Snapshots;

/// <summary>
/// Many lives of one log with snapshots of all sizes, all from one seed: saved, installed and dropped by several groups at once, cleared away between and beside that,
/// on a disk that at times is full; closed in order, or ended by a power failure at any operation. Beside it stands a model of what each group has.
/// </summary>
/// <remarks>What happens at once has no order, so a history does not replay exactly; most failures come back when it is run some times.</remarks>
internal sealed class SnapshotHistory(int seed)
{
    private const int Groups = 7, Lives = 8, MaxRounds = 30, MaxTogether = 5, MaxOperations = 700;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly Random _random = new(seed);
    private readonly SnapshotModel[] _models = [.. Enumerable.Range(0, Groups).Select(i => new SnapshotModel(GroupOf($"g{i}")))];
    private readonly Lock _power = new();
    private SimulatedFiles _disk = new();
    private SimulatedFiles? _left;
    private int _operationsLeft;
    private bool _failsClearing; // the power fails at an operation by which files are cleared away
    private long _lastId;

    /// <summary>Number of files that were put in the place of others.</summary>
    public int Rewritten { get; private set; }

    /// <summary>Number of power failures.</summary>
    public int Crashes { get; private set; }

    private bool HasPower
    {
        get
        {
            lock (_power) return _left is null;
        }
    }

    /// <summary>Runs it on a thread of its own, as a replica is on one: one thing after the other.</summary>
    public Task RunAsync() => Task.Factory.StartNew(LiveAllAsync, CancellationToken.None, TaskCreationOptions.None, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();

    private async Task LiveAllAsync()
    {
        for (var life = 0; life < Lives; life++)
        {
            _left = null;
            _failsClearing = _random.Next(3) == 0;
            _operationsLeft = _random.Next(5) == 0 ? int.MaxValue : _random.Next(_failsClearing ? MaxOperations / 10 : MaxOperations);
            try
            {
                await LiveAsync();
            }
            catch (IOException) when (!HasPower)
            {
                Crashes++;
            }

            foreach (var model in _models) model.Observe();
            _disk = _left ?? _disk.Copy();
            _disk.Capacity = long.MaxValue;
            MakeOld();
        }
    }

    private async Task LiveAsync()
    {
        var options = SmallSegments;
        (options.CleanInBackground, options.RewriteBytesPerSecond) = (_random.Next(2) == 0, 1024L * 1024 * 1024);
        var random = new Random(_random.Next());
        var fixture = Open(new FaultyFiles(_disk, (operation, path) => Before(operation, path, random), gate: _power), options);
        try
        {
            foreach (var model in _models) model.Found(fixture.Log.OpenReplica(model.Group).Snapshot);
            for (var round = _random.Next(MaxRounds); round > 0; round--) await RoundAsync(fixture);
        }
        finally
        {
            _disk.Capacity = long.MaxValue;
            await fixture.DisposeAsync().AsTask().WaitAsync(Long);
        }

        if (!HasPower) throw new IOException("no power");
    }

    private void Before(string operation, string path, Random random)
    {
        var counts = !_failsClearing || path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal) || (operation is "Replace" or "Delete" && IsSnapshot(path)) || path.EndsWith("snapshots", StringComparison.Ordinal);
        if (_left is null && counts && _operationsLeft-- <= 0) _left = random.Next(3) == 0 ? _disk.Copy() : _disk.Crash(random);
        if (_left is not null) throw new IOException("no power");
        if (operation == "Replace" && IsSnapshot(path)) Rewritten++;
    }

    private async Task RoundAsync(LogFixture fixture)
    {
        _disk.Capacity = _random.Next(12) == 0 ? _disk.BytesOf(_ => true) + _random.Next(10_000) : long.MaxValue;
        List<Task> tasks = [];
        foreach (var i in Enumerable.Range(0, Groups).OrderBy(_ => _random.Next()).Take(_random.Next(1, MaxTogether)).ToArray())
            tasks.AddRange(await BeginAsync(fixture, _models[i]));
        var cleaning = _random.Next(3) == 0 ? Task.Run(() => fixture.Log.CleanAsync(1000)) : null;
        if (cleaning is not null) ReadSure(fixture);
        foreach (var task in tasks) await EndAsync(task);
        foreach (var model in _models) model.Observe();
        if (cleaning is not null) await cleaning.WaitAsync(Long);
        if (!HasPower) throw new IOException("no power");
        CheckNeeded(fixture);
        if (_random.Next(4) == 0) await CleanAsync(fixture);
    }

    private async Task<Task[]> BeginAsync(LogFixture fixture, SnapshotModel model)
    {
        var log = fixture.Log.OpenReplica(model.Group);
        switch (_random.Next(10))
        {
            case 0:
                return [model.Ask(null, fixture.Log.DropReplicaAsync(model.Group))];
            case 1:
                var installed = SnapshotModel.Make(At(log.Last.Epoch.Value + 1, _random.Next(1, 50)), Size(), ++_lastId);
                return [model.Ask(installed, log.InstallSnapshotAsync(installed))];
        }

        var append = log.AppendAsync([Entry(Math.Max(1, log.Last.Epoch.Value), log.Last.Index.Value + 1)]);
        await EndAsync(append);
        if (append.IsFaulted) return [];
        var saved = SnapshotModel.Make(log.Last, Size(), ++_lastId);
        var save = model.Ask(saved, log.SaveSnapshotAsync(saved, log.Last.Index));
        if (_random.Next(8) > 0) return [save];
        await Task.Delay(_random.Next(2)); // the drop comes before, with, or after the record
        return [save, model.Ask(null, fixture.Log.DropReplicaAsync(model.Group))];
    }

    private int Size() => _random.Next(6) switch { 0 => 100, 1 or 2 => 3000, 3 => 4500, 4 => _random.Next(300, 9000), _ => _random.Next(10) == 0 ? 40_000 : 1000 };

    // A full disk, a drop that came between and the end of the power are told to who waits; nothing else may be.
    private async Task EndAsync(Task task)
    {
        try
        {
            await task.WaitAsync(Long);
        }
        catch (Exception ex) when (ex is LogFullException || (ex is ObjectDisposedException ended && ended.ObjectName == nameof(FileLogger)) || (ex is LogFailedException && !HasPower))
        {
            // The model knows what that means.
        }
    }

    private async Task CleanAsync(LogFixture fixture)
    {
        _disk.Capacity = long.MaxValue;
        await Task.Run(() => fixture.Log.CleanAsync(1000)).WaitAsync(Long);
        ReadSure(fixture);
        if (fixture.Log.Commit.IsFull || !HasPower) return;
        var needed = _models.Select(model => model.Now).OfType<LogSnapshot>().Where(IsLarge).Sum(snapshot => SnapshotHead.SizeOf(20, snapshot.State.Length));
        var bytes = _disk.BytesOf(IsSnapshot);
        Assert.True(bytes <= 3 * needed + 6 * WriteAheadLogOptions.MinSegmentBytes, $"{bytes} bytes are kept for {needed}");
    }

    // No number is needed but those that groups have: else files would stay for ever.
    private void CheckNeeded(LogFixture fixture)
    {
        var numbers = _models.Select(model => ((FileLogger)fixture.Log.OpenReplica(model.Group)).SnapshotNumber).Where(number => number > 0).Order();
        Assert.Equal(numbers, fixture.Log.Snapshots.Files.All().SelectMany(file => file.Needed).Order());
    }

    // From the disk, whatever is in memory.
    private void ReadSure(LogFixture fixture)
    {
        foreach (var model in _models.Where(model => model.IsSure && model.Now is { } now && IsLarge(now)))
        {
            var (log, now) = ((FileLogger)fixture.Log.OpenReplica(model.Group), model.Now!);
            var record = new SnapshotRecord(now.Position, now.Position, default, -1, now.DataLossCount, now.TimeUtc, log.SnapshotNumber, log.Birth);
            SnapshotModel.CheckSame(now, fixture.Log.Snapshots.Read(model.Group, GroupBytes.Of(model.Group), record));
        }
    }

    private static bool IsLarge(LogSnapshot snapshot) => snapshot.State.Length > SmallSegments.InlineSnapshotBytes;

    // Some files that hold one snapshot become what version 1 wrote.
    private void MakeOld()
    {
        foreach (var path in _disk.All.Where(IsSnapshot))
        {
            var bytes = _disk.ReadAll(path);
            if (_random.Next(4) > 0 || !SnapshotHead.TryParseFileName(System.IO.Path.GetFileName(path), out var first) || bytes.Length < SnapshotHead.Bytes) continue;
            if (SnapshotHead.TryRead(bytes, LogFixture.Node, first, 0, path) is not { } head || head.Number != first || head.RecordBytes != bytes.Length) continue;
            _disk.Alter(path, ToVersion1);
        }
    }
}
