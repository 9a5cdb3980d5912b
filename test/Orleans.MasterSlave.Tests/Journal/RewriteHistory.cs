using System.Globalization;
using System.Text;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>
/// Lives of one log, from a seed, in which groups go on in the middle of rewritings: before the copy, between two of its segments, and before it is switched to. At
/// all these moments the power may fail, and what is then read back, twice and after one more rewriting, is what was there. Records differ in size, segments from
/// life to life; tails are torn, and records damaged.
/// </summary>
internal sealed class RewriteHistory(int seed)
{
    private const int Groups = 5, Lives = 5;
    private const string Nothing = "nothing";
    private const string LogThread = "Orleans.MasterSlave log";

    private readonly Random _random = new(seed);
    private readonly IReplicaLog?[] _logs = new IReplicaLog?[Groups]; // null: quarantined, or gone
    private readonly Dictionary<int, (Task Task, Held Held)> _pending = [];
    private readonly ManualResetEventSlim _mayWrite = new(true);
    private SimulatedFiles _disk = new();
    private LogFixture _fixture = null!;
    private bool _interleave;

    /// <summary>How often what a crash left was read back.</summary>
    public int Checks { get; private set; }

    /// <summary>Files that went in rewritings.</summary>
    public int Gone { get; private set; }

    public async Task RunAsync()
    {
        string[]? expected = null;
        for (var life = 0; life < Lives; life++)
        {
            var files = new FaultyFiles(_disk, (operation, path) =>
            {
                if (operation == nameof(ILogFile.Write) && Thread.CurrentThread.Name == LogThread) _mayWrite.Wait();

                // Not where the flushing thread may wait for the rewriter.
                if (operation is not "Replace" and not "Delete" && path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal)) MeanwhileAsync().GetAwaiter().GetResult();
            });
            _fixture = Open(files, Options(), time: new Meanwhile(() => MeanwhileAsync().GetAwaiter().GetResult()));
            for (var i = 0; i < Groups; i++) _logs[i] = Has(_fixture, i) ? OpenUnlessQuarantined(_fixture, i) : null;
            if (expected is not null) Assert.Equal(expected, DescribeAll(_fixture));
            for (var round = _random.Next(3, 12); round > 0; round--)
            {
                for (var step = _random.Next(10, 80); step > 0; step--) await StepAsync(mayHold: false);
                Settle();
                _interleave = true;
                Gone += await Task.Run(() => _fixture.Log.CleanAsync(2));
                _interleave = false;
                await ReleaseAsync();
                _ = DescribeAll(_fixture); // all that is there can be read
            }

            await CheckCrashAsync();
            expected = DescribeAll(_fixture);
            Settle();
            var left = _random.Next(2) == 0 ? _disk.Crash(_random) : null;
            await _fixture.DisposeAsync();
            _disk = left ?? _disk.Copy();
            if (_random.Next(4) == 0) await TearAsync();
            else if (_random.Next(5) == 0) Damage();
            else continue;
            expected = null;
        }
    }

    private WriteAheadLogOptions Options() => new()
    {
        SegmentBytes = WriteAheadLogOptions.MinSegmentBytes * _random.Next(1, 4), InlineSnapshotBytes = 2048, SnapshotAfterSegments = 1000, RecentEntriesBytes = _random.Next(2) * 500, CleanInBackground = false,
        RewriteBytesPerSecond = 1024 * 1024, // so slow that each piece has a delay, in which something happens
    };

    private static GroupId Of(int i) => GroupOf($"g{i}");

    // What is gone is not opened to look at it: then it were there again.
    private static bool Has(LogFixture fixture, int i) => fixture.Log.Groups.Contains(Of(i));

    private static IReplicaLog? OpenUnlessQuarantined(LogFixture fixture, int i)
    {
        try
        {
            return fixture.Log.OpenReplica(Of(i));
        }
        catch (LogDamagedException)
        {
            return null;
        }
    }

    private static string[] DescribeAll(LogFixture fixture) =>
        [.. Enumerable.Range(0, Groups).Select(i => Has(fixture, i) ? Describe(OpenUnlessQuarantined(fixture, i)) : Nothing)];

    private static string Describe(IReplicaLog? log) =>
        log is null ? "quarantined"
        : log is { Snapshot: null, HadTornTail: false } && (log.Last, log.PromisedEpoch) == (LogPosition.None, Epoch.None) ? Nothing
        : $"torn {log.HadTornTail} {LogFixture.Describe(log)}";

    private async Task MeanwhileAsync()
    {
        if (!_interleave) return;
        if (_random.Next(4) == 0) await ReleaseAsync();
        for (var step = _random.Next(6) == 0 ? _random.Next(60) : _random.Next(4); step > 0; step--) await StepAsync(mayHold: true);
        if (_random.Next(3) == 0) await CheckCrashAsync();
        Settle();
    }

    // The log's thread clears away after what it was asked for: what is on the disk, and which files there are, must not depend on how fast.
    private void Settle(LogFixture? fixture = null) => Assert.True(SpinWait.SpinUntil(() => (fixture ?? _fixture).Log.Commit.IsIdle, TimeSpan.FromMinutes(1)), $"seed {seed}: the log's thread has no end");

    private async Task ReleaseAsync()
    {
        foreach (var (task, held) in _pending.Values.ToArray())
        {
            held.LetGo();
            await task;
            Settle();
        }

        _pending.Clear();
    }

    private async Task StepAsync(bool mayHold)
    {
        // Some rest for long, so that there is something to rewrite.
        var i = _random.Next(3) > 0 ? 0 : _random.Next(Groups);
        if (i > 0 && _random.Next(4) > 0 || _pending.ContainsKey(i)) i = 0;
        if (_pending.ContainsKey(i)) return;
        Settle();
        var log = _logs[i];
        if (log is null || _random.Next(60) == 0)
        {
            if (log is null && _random.Next(i == 0 ? 3 : 20) > 0) return;
            _mayWrite.Reset(); // in one batch
            var drop = _fixture.Log.DropReplicaAsync(Of(i));
            _logs[i] = _random.Next(2) == 0 ? _fixture.Log.OpenReplica(Of(i)) : null;
            var append = _logs[i] is { } anew && _random.Next(2) == 0 ? AppendAsync(anew) : Task.CompletedTask;
            _mayWrite.Set();
            await Task.WhenAll(drop, append);
            return;
        }

        mayHold |= i > 0; // those that rest may do so for a whole rewriting
        var lowest = Math.Max(log.Base.Index.Value, log.Snapshot?.Position.Index.Value ?? 0) + 1;
        var above = log.Last.Index.Value >= lowest;
        switch (_random.Next(12))
        {
            case 0 when above:
                await log.CutFromAsync(new LogIndex(_random.NextInt64(lowest, log.Last.Index.Value + 1)));
                break;
            case 1:
                await log.PromiseAsync(new Epoch(log.PromisedEpoch.Value + 1));
                break;
            case 2 or 3 when above:
                var index = new LogIndex(_random.NextInt64(lowest, log.Last.Index.Value + 1));
                var (position, keep) = (new LogPosition(log.EpochAt(index)!.Value, index), new LogIndex(_random.NextInt64(0, log.Last.Index.Value + 5)));
                await HoldAsync(mayHold, i, size => log.SaveSnapshotAsync(Snapshot(position, size, log.DataLossCount), keep));
                break;
            case 4 when _random.Next(3) == 0:
                var at = At(log.Last.Epoch.Value + 1, _random.Next(1, 50));
                await HoldAsync(mayHold, i, size => log.InstallSnapshotAsync(Snapshot(at, size)));
                break;
            default:
                await AppendAsync(log);
                break;
        }
    }

    private Task AppendAsync(IReplicaLog log)
    {
        var epoch = log.Last.Epoch.Value + (_random.Next(5) == 0 || log.Last.Epoch.Value == 0 ? 1 : 0);
        var bytes = _random.Next(4) == 0 ? 3000 : 100;
        return log.AppendAsync([.. Enumerable.Range(1, bytes > 100 ? 1 : _random.Next(1, 5)).Select(n => Entry(epoch, log.Last.Index.Value + n, $"{_random.Next()}" + new string('x', _random.Next(bytes))))]);
    }

    // Durable, but the replica does not go on yet: it has not switched to what it stored.
    private async Task HoldAsync(bool mayHold, int group, Func<int, Task> begin)
    {
        if (!mayHold || _random.Next(2) == 0)
        {
            await begin(_random.Next(3) switch { 0 => 50, 1 => 1500, _ => 3000 });
            return;
        }

        var (held, before) = (new Held(), SynchronizationContext.Current);
        _mayWrite.Reset(); // what is durable before the replica waits for it would not be held back
        SynchronizationContext.SetSynchronizationContext(held);
        var task = begin(_random.Next(1500));
        SynchronizationContext.SetSynchronizationContext(before);
        _mayWrite.Set();
        await Task.WhenAny(held.Come, task);
        await held.Come.WaitAsync(TimeSpan.Zero);
        _pending[group] = (task, held);
    }

    // What is read back at the first start, at the next, after one more rewriting, and when some groups have gone on.
    private async Task CheckCrashAsync()
    {
        Checks++;
        Settle();
        var expected = DescribeAll(_fixture);
        var left = _random.Next(3) == 0 ? _disk.Copy() : _disk.Crash(_random);
        await using (var first = OpenAgain(left)) AssertSame(expected, DescribeAll(first), _pending.ContainsKey);
        await using (var second = OpenAgain(left))
        {
            AssertSame(expected, DescribeAll(second), _pending.ContainsKey);
            await second.Log.CleanAsync(2);
            AssertSame(expected, DescribeAll(second), _pending.ContainsKey);
            for (var i = 0; i < 3; i++) if (OpenUnlessQuarantined(second, i) is { } log) await AppendAsync(log);
            expected = DescribeAll(second);
        }

        await using var third = OpenAgain(left);
        AssertSame(expected, DescribeAll(third));
    }

    private LogFixture OpenAgain(SimulatedFiles left)
    {
        var fixture = Open(left, Options(), time: new Meanwhile(() => { }));
        Assert.DoesNotContain(left.All, path => path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal));
        Assert.Equal(fixture.Log.Segments + 1, left.All.Count(IsSegment)); // and the spare
        return fixture;
    }

    private void AssertSame(string[] expected, string[] found, Predicate<int>? mayDiffer = null)
    {
        for (var i = 0; i < Groups; i++)
            if (mayDiffer?.Invoke(i) != true) Assert.True(expected[i] == found[i], $"seed {seed}, group {i}:\n{expected[i]}\nbecame\n{found[i]}");
    }

    // The last batch is one group's, and torn.
    private async Task TearAsync()
    {
        var i = _random.Next(Groups);
        var marked = Encoding.UTF8.GetBytes($"tear {_random.Next()}");
        await using var fixture = Open(_disk, Options());
        if (OpenUnlessQuarantined(fixture, i) is not { } log) return;
        var before = DescribeAll(fixture);
        await log.AppendAsync([Entry(log.Last.Epoch.Value + 1, log.Last.Index.Value + 1, Encoding.UTF8.GetString(marked))]);
        Settle(fixture);
        _disk = _disk.Copy();
        var segment = _disk.All.Last(path => IsSegment(path) && _disk.ReadAll(path).AsSpan().IndexOf(marked) >= 0);
        _disk.Alter(segment, bytes => { bytes[bytes.AsSpan().IndexOf(marked)] ^= 1; return bytes; });
        await using var again = Open(_disk, Options());
        Assert.True(again.Log.OpenReplica(Of(i)).HadTornTail, $"seed {seed}: no mark");
        AssertSame(before, DescribeAll(again), group => group == i);
    }

    // Any record with a body, in any segment.
    private void Damage()
    {
        var segments = _disk.All.Where(IsSegment).ToArray();
        var path = segments[_random.Next(segments.Length)];
        var bytes = _disk.ReadAll(path);
        var scanner = new SegmentScanner(bytes, bytes.Length, _fixture.Log.Node, long.Parse(System.IO.Path.GetFileName(path)[4..20], CultureInfo.InvariantCulture));
        List<ScanItem> items = [];
        while (scanner.MoveNext(out var item)) if (item.Header is { GroupBytes: > 0, BodyBytes: > 0 }) items.Add(item);
        if (items.Count == 0) return;
        var harmed = items[_random.Next(items.Count)];
        _disk.Alter(path, all => { all[harmed.Offset + harmed.Length - 9] ^= 1; return all; });
    }

    private static bool IsSegment(string path) => path.EndsWith(".segment", StringComparison.Ordinal);

    // Holds back whoever waits for a task, so that it has not gone on yet when other things happen.
    private sealed class Held : SynchronizationContext
    {
        private readonly TaskCompletionSource<(SendOrPostCallback Callback, object? State)> _come = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Come => _come.Task;

        public override void Post(SendOrPostCallback d, object? state)
        {
            if (!_come.TrySetResult((d, state))) base.Post(d, state); // only the first wait is held back
        }

        public void LetGo()
        {
            var (callback, state) = _come.Task.Result;
            callback(state);
        }
    }

    // Delays of the rewriter pass at once, and something happens in them.
    private sealed class Meanwhile(Action happens) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            happens();
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
