using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Group;

/// <summary>What a store refuses for good is not tried without end (G1).</summary>
public sealed class GroupCoordinatorTests
{
    private static readonly GroupId Group = new(GrainId.Create("test", "a"));
    private static readonly NodeId Node = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly MasterClaim Claim = new(new NodeLife(Node, 1), 1);
    private static readonly GroupPlan Plan = new(Group, [Node], ReplicationMode.Synchronous, 1);

    [Fact]
    public async Task NewRecord_ThatTheStoreRefuses_IsGivenUp_WithItsReason()
    {
        var store = new Refusing();
        var coordinator = new GroupCoordinator(Group, store, TimeProvider.System);
        var refusal = await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => coordinator.CreateAsync(Plan, Claim, default, new GroupBirth(Guid.NewGuid())));
        Assert.Contains("the row is too large", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(store.Swaps, 2, 10);
    }

    /// <summary>It is not known whether a change of a record landed, so it is settled however long that takes; the end of the silo does not wait for it.</summary>
    [Fact]
    public async Task ChangeThatTheStoreRefuses_EndsWithTheSilo()
    {
        using var stopped = new CancellationTokenSource();
        var store = new Refusing { Row = new StoredGroup(GroupPolicy.Create(Plan, Claim, default, new GroupBirth(Guid.NewGuid())), "1") };
        var coordinator = new GroupCoordinator(Group, store, TimeProvider.System, stopped.Token);
        var change = coordinator.PromoteAsync(Claim with { Number = 2 }, basedOnVersion: 1);
        await store.Refused.Task;
        await stopped.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => change);
    }

    [Fact]
    public async Task RowOfAnotherGroup_EndsAChange()
    {
        var coordinator = new GroupCoordinator(Group, new Refusing { ReadError = new MasterSlaveConfigurationException("mixed up") }, TimeProvider.System);
        await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => coordinator.PromoteAsync(Claim, basedOnVersion: 1));
    }

    private sealed class Refusing : IGroupStore
    {
        public StoredGroup? Row { get; init; }
        public Exception? ReadError { get; init; }
        public int Swaps { get; private set; }
        public TaskCompletionSource Refused { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<StoredGroup?> ReadAsync(GroupId group) => ReadError is null ? Task.FromResult(Row) : Task.FromException<StoredGroup?>(ReadError);

        public Task<StoredGroup?> SwapAsync(GroupRecord next, string? expectedETag)
        {
            if (++Swaps == 2) Refused.SetResult();
            return Task.FromException<StoredGroup?>(new ArgumentException("the row is too large"));
        }
    }
}
