using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Routing;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.RoutingTests;

/// <summary>A read that takes long is executed once, as long as its replica says that it is at it; else by a second one too.</summary>
public sealed class SlowReadTests : IAsyncLifetime
{
    private readonly FakeCluster _cluster = new(); // of its own for each test: a client remembers ways

    private FakeGroups Groups => _cluster.Groups;

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task SlowRead_IsExecutedOnce()
    {
        var (grain, _) = _cluster.NewGroup(3);
        await grain.Read();
        var before = NotesGrain.SlowReads;
        await grain.SlowRead(2_000);
        Assert.Equal(before + 1, NotesGrain.SlowReads);
    }

    [Fact]
    public async Task SlowRead_ByRelays_IsExecutedOnce()
    {
        var (grain, group) = _cluster.NewGroup(2);
        await grain.Read();
        Groups.IsLost = (called, relay, _) => called == group && relay is null; // the direct ways are cut off
        await grain.Read();
        var before = NotesGrain.SlowReads;
        await grain.SlowRead(2_000);
        Assert.Equal(before + 1, NotesGrain.SlowReads);
    }

    /// <summary>Nothing is heard of any replica, as when reads block their threads: two are sent the read, not all.</summary>
    [Fact]
    public async Task ReadOfWhichNothingIsHeard_IsHedgedOnce()
    {
        var (grain, group) = _cluster.NewGroup(3);
        await grain.Write("x");
        Groups.IsLost = (called, _, _) => called == group;
        var read = grain.Read();
        await Task.Delay(1_800, TestContext.Current.CancellationToken);
        var reads = Groups.Arrivals.Where(arrival => arrival.Group == group && arrival.Read is not null);
        Assert.Equal(2, reads.Select(arrival => arrival.Silo).Distinct().Count());
        await Assert.ThrowsAsync<ReplicaUnavailableException>(() => read);
    }
}
