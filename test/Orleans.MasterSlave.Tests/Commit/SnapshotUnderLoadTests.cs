using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Commit;

/// <summary>When a snapshot is taken, and when it may be saved (D6, C5).</summary>
public sealed class SnapshotUnderLoadTests : IAsyncDisposable
{
    private readonly LogFixture _fixture = LogFixture.Open(new SimulatedFiles());
    private readonly IReplicaLog _log;
    private readonly CommitExecutor _commit;

    public SnapshotUnderLoadTests()
    {
        _log = _fixture.Log.OpenReplica(GroupOf("a"));
        _commit = new CommitExecutor(_log, new Sum(), new SessionTable(), new NoMarks(), new SnapshotTrigger(10, long.MaxValue), e => throw e, e => throw e);
        _commit.Guard.AppliedByMaster = new LogIndex(long.MaxValue);
    }

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    /// <summary>As in a grain's activation: what is awaited goes on in the replica's one thread, and nothing runs beside it.</summary>
    private static Task InOneThread(Func<Task> test) =>
        Task.Factory.StartNew(test, CancellationToken.None, TaskCreationOptions.None, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();

    [Fact]
    public Task WhileSlavesAlwaysLagALittle_SnapshotsAreSavedNevertheless() => InOneThread(async () =>
    {
        for (var i = 1; i <= 200; i++)
        {
            await CommitAsync(i);
            var replicated = new LogIndex(i - 3); // never what is committed
            _commit.SetReplicated(replicated);
            Assert.True(_log.Snapshot is null || _log.Snapshot.Position.Index <= replicated);
        }

        await _commit.HoldAsync();
        Assert.InRange(_log.Snapshot!.Position.Index.Value, 20, 197); // how far it came is up to the disk's thread
    });

    [Fact]
    public Task WhatAnInSyncReplicaLacks_IsNotCovered_AndIsForgottenBeforeTheLogMayLoseIt() => InOneThread(async () =>
    {
        for (var i = 1; i <= 12; i++) await CommitAsync(i);
        _commit.SetReplicated(new LogIndex(5));
        Assert.Null(_log.Snapshot);
        await _commit.HoldAsync();
        _commit.SetReplicated(new LogIndex(12));
        await _commit.HoldAsync();
        Assert.Null(_log.Snapshot);
    });

    [Fact]
    public Task Wanted_IsTakenAtOnce_ThoughNoneIsDue() => InOneThread(async () =>
    {
        await CommitAsync(1);
        await CommitAsync(2);
        _commit.SetReplicated(new LogIndex(2));
        _commit.WantSnapshot();
        while (_log.Snapshot is null) await Task.Yield();
        Assert.Equal(At(1, 2), _log.Snapshot.Position);
        _commit.WantSnapshot(); // nothing new: none
        await _commit.HoldAsync();
        Assert.Equal(At(1, 2), _log.Base);
    });

    /// <summary>As an operator asks for, or a silo that stops: who asked hears of it when it is on disk.</summary>
    [Fact]
    public Task AskedFor_CompletesWhenItIsOnDisk_AndAtOnceWhenNothingIsNew() => InOneThread(async () =>
    {
        await CommitAsync(1);
        Assert.False(_commit.HasUnsaved); // a barrier is nothing that code could read otherwise
        await CommitAsync(2);
        var asked = _commit.SnapshotAsync();
        Assert.True(_commit.HasUnsaved);
        Assert.False(_commit.MaySaveNow);
        await Task.Yield();
        Assert.False(asked.IsCompleted); // an in-sync replica may lack it
        _commit.SetReplicated(new LogIndex(2));
        await asked;
        Assert.Equal(At(1, 2), _log.Snapshot!.Position);
        Assert.False(_commit.HasUnsaved);
        Assert.True(_commit.SnapshotAsync().IsCompletedSuccessfully);
    });

    /// <summary>It covers what was applied when it was asked for, not only what one had that was under way.</summary>
    [Fact]
    public Task AskedForWhileAnotherWaits_CoversWhatCameBetween() => InOneThread(async () =>
    {
        for (var i = 1; i <= 10; i++) await CommitAsync(i); // due, and waits
        await CommitAsync(11);
        var asked = _commit.SnapshotAsync();
        _commit.SetReplicated(new LogIndex(11));
        await asked;
        Assert.Equal(At(1, 11), _log.Snapshot!.Position);
    });

    [Fact]
    public Task CodeOfEachMastership_IsToldWithItsFirstOperation() => InOneThread(async () =>
    {
        var told = new List<CodeVersion>();
        _commit.Applying = told.Add;
        for (var i = 1; i <= 3; i++) await CommitAsync(i);
        Assert.Equal(new CodeVersion("app", "lib"), Assert.Single(told));
    });

    private async Task CommitAsync(long index)
    {
        await _log.AppendAsync([index == 1 ? Barrier(1, 1) : Entry(1, index)]);
        _commit.SetStable(new LogIndex(index));
        await _commit.WaitForAsync(new LogIndex(index));
    }

    private sealed class Sum : FakeObject
    {
        private long _count;

        public override Task<IReadOnlyList<byte[]>> ApplyAsync(IReadOnlyList<LogEntry> operations, DrawKey key)
        {
            _count += operations.Count;
            return Task.FromResult<IReadOnlyList<byte[]>>([.. operations.Select(_ => Array.Empty<byte>())]);
        }

        public override Task<byte[]> ReadAsync(byte[] payload) => Task.FromResult(BitConverter.GetBytes(_count));
        public override Task<byte[]> SaveStateAsync() => Task.FromResult(BitConverter.GetBytes(_count));

        public override Task RestoreStateAsync(byte[]? state)
        {
            _count = state is null ? 0 : BitConverter.ToInt64(state);
            return Task.CompletedTask;
        }
    }
}
