using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.Snapshots.SnapshotLogs;

namespace Orleans.MasterSlave.Tests.Journal.Snapshots;

/// <summary>What happens while a snapshot is on its way: its group is dropped, the log is closed, its file goes out of use.</summary>
public sealed class SnapshotRaceTests
{
    private const int OwnFile = 2 * WriteAheadLogOptions.MinSegmentBytes; // so large that nothing else fits into its file
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private readonly SimulatedFiles _disk = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string[] Files => SnapshotsOn(_disk);

    private static bool IsSegment(string path) => path.EndsWith(".segment", StringComparison.Ordinal);

    private static async Task<Task> BeginSaveAsync(LogFixture fixture, int group, int bytes = OwnFile)
    {
        var log = fixture.Log.OpenReplica(Of(group));
        await log.AppendAsync([Entry(1, log.Last.Index.Value + 1)]).WaitAsync(Long, Cancelled);
        return log.SaveSnapshotAsync(Snapshot(log.Last, bytes), log.Last.Index);
    }

    private static void WaitFor(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Long), "it did not happen");

    [Fact]
    public async Task DropBesideASave_LeavesTheSnapshotThere_UntilTheDropIsDurable()
    {
        // The log's thread stops before each write to a segment until the test lets it go on.
        using var mayWrite = new SemaphoreSlim(0);
        var (stops, stopped) = (false, 0);
        var files = new FaultyFiles(_disk, (operation, path) =>
        {
            if (!Volatile.Read(ref stops) || operation != "Write" || !IsSegment(path)) return;
            Interlocked.Increment(ref stopped);
            Assert.True(mayWrite.Wait(Long));
        });
        await using var fixture = Open(files, Manual);
        await (await BeginSaveAsync(fixture, 0)).WaitAsync(Long, Cancelled);
        var log = fixture.Log.OpenReplica(Of(0));
        await log.AppendAsync([Entry(1, 2)]).WaitAsync(Long, Cancelled);
        var other = fixture.Log.OpenReplica(Of(1));
        await other.AppendAsync([Entry(1, 1)]).WaitAsync(Long, Cancelled);
        WaitFor(() => fixture.Log.Commit.IsIdle);

        Volatile.Write(ref stops, true);
        var save = log.SaveSnapshotAsync(Snapshot(log.Last, OwnFile), log.Last.Index);
        WaitFor(() => Volatile.Read(ref stopped) == 1); // the record is being written
        var saveOther = other.SaveSnapshotAsync(Snapshot(other.Last, OwnFile), other.Last.Index);
        WaitFor(() => Files.Length == 3); // so the file before is not in use
        var drop = fixture.Log.DropReplicaAsync(Of(0));
        mayWrite.Release();
        WaitFor(() => Volatile.Read(ref stopped) >= 2); // the record of the snapshot is durable, that of the drop is being written
        var cleaned = fixture.Log.CleanAsync(1000);
        await Task.WhenAny(save, Task.Delay(100, Cancelled));
        await cleaned.WaitAsync(Long, Cancelled);
        await fixture.Log.CleanAsync(1000).WaitAsync(Long, Cancelled);
        var left = _disk.Copy();

        Volatile.Write(ref stops, false);
        mayWrite.Release(100);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => save.WaitAsync(Long, Cancelled));
        await drop.WaitAsync(Long, Cancelled);
        await saveOther.WaitAsync(Long, Cancelled);
        await using (var found = Open(left, Manual)) Assert.Equal(At(1, 2), found.Log.OpenReplica(Of(0)).Snapshot!.Position);
        await fixture.Log.CleanAsync(1000).WaitAsync(Long, Cancelled);
        Assert.Single(Files); // then it goes
    }

    [Fact]
    public async Task SaveAfterTheLogWasClosed_IsRefused_AndTouchesNothing()
    {
        var fixture = Open(_disk, Manual);
        await (await BeginSaveAsync(fixture, 0, 3000)).WaitAsync(Long, Cancelled);
        var log = fixture.Log.OpenReplica(Of(0));
        await log.AppendAsync([Entry(1, 2)]).WaitAsync(Long, Cancelled);
        await fixture.DisposeAsync();
        var before = Files;
        await Assert.ThrowsAsync<LogFailedException>(() => log.SaveSnapshotAsync(Snapshot(log.Last, 3000), log.Last.Index).WaitAsync(Long, Cancelled));
        await Assert.ThrowsAsync<LogFailedException>(() => log.SaveSnapshotAsync(Snapshot(log.Last, OwnFile), log.Last.Index).WaitAsync(Long, Cancelled));
        Assert.Equal(before, Files);
        Assert.False(fixture.Log.Failed.IsCompleted); // closed is not failed
    }

    [Fact]
    public async Task SavesWhileTheLogIsBeingClosed_EndOneWayOrTheOther_AndNothingIsLost()
    {
        using var mayWrite = new ManualResetEventSlim();
        var writing = 0;
        var files = new FaultyFiles(_disk, (operation, path) =>
        {
            if (operation != "Sync" || !IsSnapshot(path)) return;
            Interlocked.Increment(ref writing);
            Assert.True(mayWrite.Wait(Long));
        });
        var fixture = Open(files, Manual);
        var first = await BeginSaveAsync(fixture, 0);
        WaitFor(() => Volatile.Read(ref writing) == 1);
        var second = await BeginSaveAsync(fixture, 1);
        var closing = fixture.DisposeAsync().AsTask();
        Task<long> refused = Task.FromResult(0L);
        WaitFor(() => (refused = fixture.Log.Snapshots.WriteAsync([1], Snapshot(At(1, 1), OwnFile))).IsFaulted);
        Assert.IsType<LogFailedException>(refused.Exception!.InnerException);
        Assert.False(closing.IsCompleted);
        mayWrite.Set();
        await closing.WaitAsync(Long, Cancelled);
        foreach (var save in new[] { first, second })
            if (await save.WaitAsync(Long, Cancelled).ContinueWith(task => task.Exception?.InnerException, TaskScheduler.Default) is { } ex) Assert.IsType<LogFailedException>(ex);
        Assert.False(fixture.Log.Failed.IsCompleted);
        await using var again = Open(_disk, Manual);
        for (var i = 0; i < 2; i++) Assert.Equal(At(1, 1), again.Log.OpenReplica(Of(i)).Last);
    }

    [Fact]
    public async Task FilesThatAreUnneededBeforeTheyGoOutOfUse_AreDeleted_ThoughNothingElseHappens()
    {
        var options = SmallSegments;
        options.SegmentBytes = 64 * 1024; // the log itself does not grow out of one
        await using var fixture = Open(_disk, options);
        for (var i = 0; i < 20; i++)
        {
            await fixture.Log.OpenReplica(Of(0)).InstallSnapshotAsync(Snapshot(At(1, 1 + i), 70_000)).WaitAsync(Long, Cancelled);
            await fixture.Log.DropReplicaAsync(Of(0)).WaitAsync(Long, Cancelled);
        }

        Assert.Equal(1, fixture.Log.Segments);
        WaitFor(() => Files.Length <= 2);
    }

    [Fact]
    public async Task GroupThatTwoOpenAtOnce_IsReadOnce_AndIsTheSameForBoth()
    {
        await using (var fixture = Open(_disk, Manual)) await (await BeginSaveAsync(fixture, 0)).WaitAsync(Long, Cancelled);
        using var mayRead = new ManualResetEventSlim();
        var (reads, reading) = (0, new TaskCompletionSource());
        var files = new FaultyFiles(_disk, (_, _) => { }, reading: (path, _, length) =>
        {
            if (!IsSnapshot(path) || length < OwnFile) return; // the state
            Interlocked.Increment(ref reads);
            reading.TrySetResult();
            Assert.True(mayRead.Wait(Long));
        });
        await using var again = Open(files, Manual);
        var first = Task.Run(() => again.Log.OpenReplica(Of(0)), Cancelled);
        await reading.Task.WaitAsync(Long, Cancelled);
        var second = Task.Run(() => again.Log.OpenReplica(Of(0)), Cancelled);
        mayRead.Set();
        Assert.Same(await first.WaitAsync(Long, Cancelled), await second.WaitAsync(Long, Cancelled));
        Assert.Equal(1, reads);
    }
}
