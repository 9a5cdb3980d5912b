using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Commit;

/// <summary>Each operation is applied with the key of the mastership that made its entry (W9).</summary>
public sealed class DrawKeyTests : IAsyncDisposable
{
    private readonly LogFixture _fixture = Open(new SimulatedFiles());
    private readonly IReplicaLog _log;

    public DrawKeyTests() => _log = _fixture.Log.OpenReplica(GroupOf("a"));

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    /// <summary>As on a slave that took over: its own barrier is in the log before it applies what it inherited.</summary>
    [Fact]
    public async Task EntriesOfAnEarlierMastership_AreAppliedWithItsKey_AlsoByTheNextMaster()
    {
        await _log.AppendAsync([Barrier(1, 1), Entry(1, 2), Entry(1, 3), Barrier(4, 4), Entry(4, 5)]);
        var (commit, target) = New();
        commit.SetStable(new LogIndex(5));
        Assert.Equal([Draw(1, 2), Draw(1, 3), Draw(4, 5)], target.Drawn);
    }

    [Fact]
    public async Task Snapshot_CarriesTheKey_WhenTheBarrierIsBelowTheBase()
    {
        await _log.AppendAsync([Barrier(1, 1), Entry(1, 2), Barrier(2, 3), Entry(2, 4)]);
        var (commit, _) = New();
        commit.SetReplicated(new LogIndex(4));
        commit.SetStable(new LogIndex(4));
        commit.WantSnapshot();
        await commit.HoldAsync();
        Assert.Equal(At(2, 4), _log.Base);

        await _log.AppendAsync([Entry(2, 5), Barrier(3, 6), Entry(3, 7)]);
        var (restarted, target) = New();
        await restarted.RestartAsync();
        restarted.SetStable(new LogIndex(7));
        Assert.Equal([Draw(2, 5), Draw(3, 7)], target.Drawn);
    }

    [Fact]
    public async Task OperationWithoutTheBarrierOfItsMastership_BreaksTheReplica()
    {
        await _log.AppendAsync([Barrier(1, 1), Entry(2, 2)]);
        var (commit, target) = New();
        commit.SetStable(new LogIndex(2));
        Assert.Empty(target.Drawn);
        Assert.IsType<BrokenInvariantException>(target.Broken);
    }

    private static Guid Draw(long epoch, long index) => KeyOf(epoch).DrawsOf(epoch, index).NextGuid();

    private (CommitExecutor Commit, Drawer Target) New()
    {
        var target = new Drawer();
        var commit = new CommitExecutor(_log, target, new SessionTable(), new NoMarks(), new SnapshotTrigger(99, 9999), e => target.Broken = e, e => throw e);
        commit.Guard.AppliedByMaster = new LogIndex(long.MaxValue);
        return (commit, target);
    }

    private sealed class Drawer : FakeObject
    {
        public List<Guid> Drawn { get; } = [];
        public Exception? Broken { get; set; }

        public override Task<IReadOnlyList<byte[]>> ApplyAsync(IReadOnlyList<LogEntry> operations, DrawKey key)
        {
            Drawn.AddRange(operations.Select(o => key.DrawsOf(o.Epoch.Value, o.Index.Value).NextGuid()));
            return Task.FromResult<IReadOnlyList<byte[]>>([.. operations.Select(_ => new byte[] { 1 })]);
        }

        public override Task<byte[]> SaveStateAsync() => Task.FromResult(new byte[] { 1 });
        public override Task RestoreStateAsync(byte[]? state) => Task.CompletedTask;
    }
}
