using Microsoft.Extensions.Time.Testing;
using Orleans.Hosting;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Sqlite;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>
/// A node is its directory (I2): one that was cloned or restored is found out at the store. Real folders, and rows on SQLite.
/// </summary>
public sealed class NodeStartTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly StorageServices _services = new();
    private readonly SqliteStore _store;
    private readonly FakeTimeProvider _time = new();
    private readonly NodeLeaseSettings _settings = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5), StoreOutageBehavior.StopServingAlone);

    public NodeStartTests() => _store = new SqliteStore(_directory.File("store.db"), TimeSpan.FromSeconds(20), TimeProvider.System);

    public void Dispose()
    {
        _store.Dispose();
        _services.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Start_OnTheSameFolder_WaitsForNothing()
    {
        for (var i = 0; i < 3; i++)
        {
            using var running = await StartAsync("log");
            Assert.True(running.Lease.EarlierLifeProvedDead);
            Assert.Equal(NodeLeaseState.Held, running.Lease.Standing.Lease);
        }
    }

    [Fact]
    public async Task Directory_ThatWasCloned_IsRefused_WhileTheOriginalRuns()
    {
        using var original = await StartAsync("original");
        Copy("original", "clone");
        var clone = StartAsync("clone");
        var refused = await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => PassAsync(clone, original.Lease.StepAsync));
        Assert.Contains("Another process runs with the identity", refused.Message, StringComparison.Ordinal);
        Assert.Equal(NodeLeaseState.Held, original.Lease.Standing.Lease);
    }

    [Fact]
    public async Task Directory_ThatWasCloned_IsTheNode_WhenTheOriginalIsDead_AndTheOriginalIsRefusedFromThenOn()
    {
        (await StartAsync("original")).Dispose();
        Copy("original", "clone");
        using (var clone = await PassAsync(StartAsync("clone"))) Assert.False(clone.Lease.EarlierLifeProvedDead);
        for (var i = 0; i < 3; i++)
        {
            var refused = await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => StartAsync("original"));
            Assert.Contains("is a copy, or was restored from a backup", refused.Message, StringComparison.Ordinal);
        }

        (await StartAsync("clone")).Dispose(); // goes on
    }

    [Fact]
    public async Task Directory_ThatWasRestored_IsRefused_AndTheNewestIsNot()
    {
        (await StartAsync("log")).Dispose();
        Copy("log", "backup");
        for (var i = 0; i < 3; i++) (await StartAsync("log")).Dispose();
        for (var i = 0; i < 3; i++) await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => StartAsync("backup"));
        (await StartAsync("log")).Dispose();
    }

    /// <summary>No start lies between: the renewals alone tell that the node lived on.</summary>
    [Fact]
    public async Task Directory_ThatIsOlderThanARenewal_IsRefused()
    {
        using (var running = await StartAsync("log"))
        {
            Copy("log", "backup");
            _time.Advance(_settings.RenewEvery);
            await running.Lease.StepAsync();
            Assert.Equal(2, running.Lease.Row.Renewal);
        }

        await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => StartAsync("backup"));
        (await StartAsync("log")).Dispose();
    }

    [Fact]
    public async Task Directory_OfASiloThatStoppedInOrder_MayBeMoved_AndStartsAtOnce()
    {
        using (var running = await StartAsync("log")) await running.Lease.ReleaseAsync();
        Copy("log", "moved");
        using var moved = await StartAsync("moved");
        Assert.True(moved.Lease.EarlierLifeProvedDead);
    }

    /// <summary>Both have counted the same start in their own directory: the row takes one.</summary>
    [Fact]
    public async Task Start_OfTwoProcessesAtOnce_IsOnesOnly()
    {
        using (var running = await StartAsync("log")) await running.Lease.ReleaseAsync();
        Copy("log", "clone");
        Task<RunningAs>[] starts = [StartAsync("log"), StartAsync("clone")];
        await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => Task.WhenAll(starts));
        (await Assert.Single(starts, s => s.IsCompletedSuccessfully)).Dispose();
    }

    /// <summary>
    /// A machine that was cloned while it ran: both have the same life, nonce and row, and their folders are the same byte for byte.
    /// </summary>
    [Fact]
    public async Task Twins_WithTheSameMemory_AreOneAfterTheNextRenewal_AndTheLoserStartsNeverAgain()
    {
        using var one = await StartAsync("log");
        Copy("log", "twin");
        using var directory = LogDirectory.Open(_directory.File("twin"));
        using var folder = new NodeFolder(directory);
        var row = (await Rows.ReadAsync(one.Lease.Row.Life.Node))!;
        var told = new Told();
        var twin = new NodeLease(row, Rows, folder, _settings, _time, Guid.NewGuid, told, _time.GetElapsedTime(0), _time.GetUtcNow().UtcDateTime) { EarlierLifeProvedDead = true };
        Assert.Equal(NodeLeaseState.Held, twin.Standing.Lease); // until then nobody can tell

        _time.Advance(_settings.RenewEvery);
        await one.Lease.StepAsync();
        await twin.StepAsync();
        Assert.Equal(NodeLeaseState.Held, one.Lease.Standing.Lease);
        Assert.Equal(NodeLeaseState.Lost, twin.Standing.Lease);
        Assert.Equal(1, told.Displacements);
        folder.Dispose();
        directory.Dispose();
        await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => StartAsync("twin"));
    }

    /// <summary>
    /// That a call was not answered while the caller slept says nothing of the store: another process may be the node by now.
    /// </summary>
    [Fact]
    public async Task Process_ThatSleptInARenewal_AsksAgain_BeforeItGoesOnWithoutTheStore()
    {
        using var running = await StartAsync("log");
        var lease = LeaseOf(running, new Hanging(), StoreOutageBehavior.GoOn);
        _time.Advance(_settings.RenewEvery);
        var renewing = lease.StepAsync();
        _time.Advance(TimeSpan.FromHours(1));
        await renewing;
        Assert.False(lease.MayActAlone(LoneAct.Answer));

        renewing = lease.StepAsync();
        _time.Advance(_settings.CallLimit);
        await renewing;
        Assert.True(lease.MayActAlone(LoneAct.Answer)); // it was awake, and the store is out
    }

    /// <summary>
    /// Store and folder were restored from one backup on another machine, while the original runs without its store: the restored one is
    /// the node, and its row is older than what the original wrote. That is no row to write over while its writer may act on it.
    /// </summary>
    [Fact]
    public async Task Process_ThatFindsARestoredRow_OfAnother_LeavesItWhileTheOtherMayHoldTheNode()
    {
        using var original = await StartAsync("original");
        var rows = new Restored(original.Lease.Row with { Renewal = 0, Nonce = Guid.NewGuid(), Stamp = Guid.NewGuid(), Place = "another machine" });
        var lease = LeaseOf(original, rows, StoreOutageBehavior.StopServingAlone);
        for (var passed = TimeSpan.Zero; passed < _settings.Lease * 3; passed += _settings.Look)
        {
            _time.Advance(_settings.Look);
            if (passed < _settings.Lease * 2 && passed > _settings.Lease) rows.Renew();
            await lease.StepAsync();
            if (passed > _settings.Lease) Assert.False(lease.MayActAlone(LoneAct.Answer));
        }

        _time.Advance(NodePolicy.WatchFor(_settings.Lease));
        await lease.StepAsync();
        Assert.True(lease.MayActAlone(LoneAct.Answer)); // the other is dead
    }

    private NodeLease LeaseOf(RunningAs process, INodeStore rows, StoreOutageBehavior outage) => new(
        new StoredNode(process.Lease.Row, "1"), rows, process.Folder, _settings with { Outage = outage }, _time, Guid.NewGuid, new Told(), _time.GetElapsedTime(0),
        _time.GetUtcNow().UtcDateTime) { EarlierLifeProvedDead = true };

    private Counted Rows => field ??= new Counted(new GrainStorageNodeStore(_services.Sqlite(_store)));

    private async Task<RunningAs> StartAsync(string name)
    {
        var directory = LogDirectory.Open(_directory.File(name));
        var folder = new NodeFolder(directory);
        try
        {
            var lease = await new NodeStart(directory.Life, Rows, folder, _settings, _time, Guid.NewGuid, new Told()).RunAsync(CancellationToken.None);
            return new RunningAs(lease, folder, directory);
        }
        catch
        {
            folder.Dispose();
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Time passes while nobody waits for the store.</summary>
    private async Task<T> PassAsync<T>(Task<T> task, Func<Task>? meanwhile = null)
    {
        while (!task.IsCompleted)
        {
            if (!Rows.IsBusy) _time.Advance(_settings.Look);
            if (meanwhile is not null) await meanwhile();
            await Task.Delay(1);
        }

        return await task;
    }

    private void Copy(string from, string to)
    {
        Directory.CreateDirectory(_directory.File(to));
        foreach (var file in Directory.EnumerateFiles(_directory.File(from)))
            if (Path.GetFileName(file) != LogDirectory.LockFileName) File.Copy(file, Path.Combine(_directory.File(to), Path.GetFileName(file)));
    }

    private sealed class Counted(INodeStore inner) : INodeStore
    {
        private int _calls;

        public bool IsBusy => Volatile.Read(ref _calls) > 0;

        public Task<StoredNode?> ReadAsync(Orleans.MasterSlave.Contracts.NodeId node) => CountedAsync(() => inner.ReadAsync(node));

        public Task<StoredNode?> SwapAsync(NodeRecord next, string? expectedETag) => CountedAsync(() => inner.SwapAsync(next, expectedETag));

        private async Task<StoredNode?> CountedAsync(Func<Task<StoredNode?>> call)
        {
            Interlocked.Increment(ref _calls);
            try
            {
                return await call();
            }
            finally
            {
                Interlocked.Decrement(ref _calls);
            }
        }
    }

    private sealed class Hanging : INodeStore
    {
        public Task<StoredNode?> ReadAsync(Orleans.MasterSlave.Contracts.NodeId node) => new TaskCompletionSource<StoredNode?>().Task;
        public Task<StoredNode?> SwapAsync(NodeRecord next, string? expectedETag) => new TaskCompletionSource<StoredNode?>().Task;
    }

    private sealed class Restored(NodeRecord row) : INodeStore
    {
        private StoredNode _row = new(row, "restored");

        public void Renew() => _row = new StoredNode(_row.Record with { Stamp = Guid.NewGuid() }, $"{Guid.NewGuid()}");

        public Task<StoredNode?> ReadAsync(Orleans.MasterSlave.Contracts.NodeId node) => Task.FromResult<StoredNode?>(_row);

        public Task<StoredNode?> SwapAsync(NodeRecord next, string? expectedETag) =>
            Task.FromResult(expectedETag == _row.ETag ? _row = new StoredNode(next, $"{Guid.NewGuid()}") : null);
    }

    private sealed record RunningAs(NodeLease Lease, NodeFolder Folder, LogDirectory Directory) : IDisposable
    {
        public void Dispose()
        {
            Folder.Dispose();
            Directory.Dispose();
        }
    }

    private sealed class Told : INodeLeaseEvents
    {
        public int Displacements { get; private set; }
        public void Watching(NodeRecord? row, TimeSpan span) { }
        public void RenewalFailed(Exception error) { }
        public void Renewed() { }
        public void Lapsed(StoreOutageBehavior outage) { }
        public void HeldAgain() { }
        public void Displaced(string by) => Displacements++;
        public void StoreWentBack(string what) { }
    }
}
