using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.RewriteLogs;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>What a rewriting takes of the process and of the log's thread does not grow with the number of segments; nor does it need what others may have used up.</summary>
public sealed class RewriteBurdenTests
{
    private readonly SimulatedFiles _disk = new();

    [Fact]
    public async Task ManySegments_AreNotAllOpenAtOnce()
    {
        const int segments = 80, most = 40;
        var files = new CountedFiles(_disk);
        await using (var fixture = Open(files, Manual))
        {
            await fixture.Log.OpenReplica(GroupOf("idle")).AppendAsync(Entries(1, 1, 3));
            await RollAsync(fixture, fixture.Log.OpenReplica(GroupOf("busy")), segments);
            Assert.True(fixture.Log.Segments >= segments, $"{fixture.Log.Segments} segments");
            Assert.True(await fixture.Log.CleanAsync(2) > segments - 5);
            Assert.InRange(files.Most, 1, most);
        }

        Assert.Equal(0, files.Open);
    }

    [Fact]
    public async Task DeletingWhatWasRewritten_DoesNotHoldUpWrites()
    {
        using var mayGoOn = new ManualResetEventSlim();
        var isRewriting = false;
        var deleting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var files = new FaultyFiles(_disk, (operation, path) =>
        {
            if (!isRewriting || operation != nameof(ILogFiles.Delete) || !path.EndsWith(".segment", StringComparison.Ordinal) || Thread.CurrentThread.Name == "Orleans.MasterSlave log") return;
            if (deleting.TrySetResult()) mayGoOn.Wait(TestContext.Current.CancellationToken);
        });
        await using var fixture = Open(files, Manual);
        var (idle, busy) = (fixture.Log.OpenReplica(GroupOf("idle")), fixture.Log.OpenReplica(GroupOf("busy")));
        await idle.AppendAsync(Entries(1, 1, 3));
        await RollAsync(fixture, busy, 5);
        isRewriting = true;
        var rewriting = Task.Run(() => fixture.Log.CleanAsync(2), TestContext.Current.CancellationToken);
        await deleting.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        try
        {
            for (var i = 4; i < 8; i++) await idle.AppendAsync(Entries(1, i, 1)).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        }
        finally
        {
            mayGoOn.Set();
            await rewriting;
        }
    }

    [Fact]
    public async Task CopyThatCannotBeCreated_DoesNotFailTheLog()
    {
        var refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var files = new FaultyFiles(_disk, (operation, path) =>
        {
            if (operation == nameof(ILogFiles.Create) && path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal) && refused.TrySetResult()) throw new IOException("Too many open files");
        });
        var options = Manual;
        (options.CleanInBackground, options.SnapshotAfterSegments) = (true, 2);
        await using var fixture = Open(files, options);
        await fixture.Log.OpenReplica(GroupOf("idle")).AppendAsync(Entries(1, 1, 3));
        var busy = fixture.Log.OpenReplica(GroupOf("busy"));
        await RollAsync(fixture, busy, 5);
        await refused.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        await RollAsync(fixture, busy, 2);
        await fixture.Log.CleanAsync(2);
        Assert.False(fixture.Log.Failed.IsCompleted);
        Assert.True(fixture.Log.Segments < 5, $"{fixture.Log.Segments} segments");
    }

    [Fact]
    public async Task ReadersOfMoreSegmentsThanAreKeptOpen_FindWhatWasWritten_WhileTheyAreRewritten()
    {
        const int groups = 60, readers = 3, rewritings = 6;
        await using var fixture = Open(_disk, Manual);
        var busy = fixture.Log.OpenReplica(GroupOf("busy"));
        var logs = Enumerable.Range(0, groups).Select(i => fixture.Log.OpenReplica(GroupOf($"idle {i}"))).ToArray();
        var expected = new string[groups];
        for (var i = 0; i < groups; i++)
        {
            await logs[i].AppendAsync([.. Enumerable.Range(1, 5).Select(index => Entry(1, index, $"{i} {index} " + new string('.', 400)))]);
            expected[i] = Describe(logs[i]);
            await RollAsync(fixture, busy, 1);
        }

        var isOver = false;
        var reading = Enumerable.Range(0, readers).Select(reader => Task.Run(() =>
        {
            for (var random = new Random(reader); !Volatile.Read(ref isOver);)
            {
                var i = random.Next(groups / readers) * readers + reader; // a log is one thread's
                Assert.Equal(expected[i], Describe(logs[i]));
            }
        })).ToArray();
        for (var round = 0; round < rewritings; round++)
        {
            Assert.True(await fixture.Log.CleanAsync(2) > 0);
            await RollAsync(fixture, busy, 2);
        }

        Volatile.Write(ref isOver, true);
        await Task.WhenAll(reading);
        Assert.Empty(fixture.Log.Quarantined);
    }

    // Counts the files that are open.
    private sealed class CountedFiles(ILogFiles inner) : ILogFiles
    {
        private int _open, _most;

        public int Open => Volatile.Read(ref _open);
        public int Most => Volatile.Read(ref _most);

        public ILogFile Create(string path) => new CountedFile(this, inner.Create(path));
        ILogFile ILogFiles.Open(string path) => new CountedFile(this, inner.Open(path));
        public bool Exists(string path) => inner.Exists(path);
        public IReadOnlyList<string> List(string directory) => inner.List(directory);
        public void Delete(string path) => inner.Delete(path);
        public void Replace(string from, string to) => inner.Replace(from, to);
        public void CreateDirectory(string path) => inner.CreateDirectory(path);
        public void SyncDirectory(string path) => inner.SyncDirectory(path);
        public IDisposable Lock(string path) => inner.Lock(path);

        private sealed class CountedFile : ILogFile
        {
            private readonly CountedFiles _files;
            private readonly ILogFile _inner;
            private int _isClosed;

            public CountedFile(CountedFiles files, ILogFile inner)
            {
                (_files, _inner) = (files, inner);
                var open = Interlocked.Increment(ref files._open);
                for (var most = files.Most; open > most; most = files.Most) Interlocked.CompareExchange(ref files._most, open, most);
            }

            public string Path => _inner.Path;
            public long Length => _inner.Length;
            public int Read(Span<byte> buffer, long offset) => _inner.Read(buffer, offset);
            public void Write(ReadOnlySpan<byte> bytes, long offset) => _inner.Write(bytes, offset);
            public void Reserve(long length) => _inner.Reserve(length);
            public void Truncate(long length) => _inner.Truncate(length);
            public void Sync() => _inner.Sync();

            public void Dispose()
            {
                _inner.Dispose();
                if (Interlocked.Exchange(ref _isClosed, 1) == 0) Interlocked.Decrement(ref _files._open);
            }
        }
    }
}
