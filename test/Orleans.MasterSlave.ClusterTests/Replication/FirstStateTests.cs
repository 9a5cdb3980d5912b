using System.Diagnostics;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>A grain's state of before it was replicated (G12).</summary>
public sealed class FirstStateTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(5); // and not after the call timeout of 30 s

    [Fact]
    public async Task FirstCalls_FindTheImportedState_AndEveryReplicaHoldsIt()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var (moved, fresh) = (cluster.Client.GetGrain<IMovedLedger>("moved"), cluster.Client.GetGrain<IMovedLedger>("fresh"));
        OldBooks.Put("moved", () => ["a", "b"]);

        var counts = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => moved.Add($"new {i}")));
        await fresh.Add("first");

        Assert.Equal(Enumerable.Range(3, 20), counts.Order());
        var entries = await moved.Entries();
        Assert.Equal(["a", "b"], entries[..2]);
        await cluster.AllReplicasReadAsync(moved, entries);
        await cluster.AllReplicasReadAsync(fresh, ["first"]);
        await cluster.InSyncAsync(moved, 2);
        await cluster.KillAsync(await cluster.MasterOfAsync(moved));
        Assert.Equal(23, await moved.Add("after the failover"));
        Assert.Equal(1, OldBooks.ReadsOf("moved"));
    }

    [Fact]
    public async Task ImportThatFails_IsToldToCallers_AndTriedAgain()
    {
        await using var cluster = await LedgerCluster.StartAsync(options: o => o.MaxOperationBytes = 4_096);
        var ledger = cluster.Client.GetGrain<IMovedLedger>("broken");
        OldBooks.Put("broken", () => throw new IOException("the old storage is away"));
        var began = Stopwatch.GetTimestamp();

        Assert.Contains("the old storage is away", (await Assert.ThrowsAsync<FirstStateImportException>(() => ledger.Add("x"))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<FirstStateImportException>(ledger.Entries);
        OldBooks.Put("broken", () => [new string('x', 10_000)]);
        await Eventually.TrueAsync(
            async () => (await Assert.ThrowsAsync<FirstStateImportException>(() => ledger.Add("x"))).Message.Contains("MaxOperationBytes", StringComparison.Ordinal),
            "it is tried again, and is too large");
        Assert.True(Stopwatch.GetElapsedTime(began) < AtOnce * 2);

        OldBooks.Put("broken", () => ["a"]);
        await Eventually.GetAsync(async () => await ledger.Add("b") == 2 ? ledger : null, "it is tried again, and succeeds");
        await cluster.AllReplicasReadAsync(ledger, ["a", "b"]);
    }

    /// <summary>Logged, it would end every replica that comes to it, for ever.</summary>
    [Fact]
    public async Task FirstState_ThatCannotBeReadAgain_IsNotLogged()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Client.GetGrain<IMovedLedger>("unreadable");
        OldBooks.Put("unreadable", () => [OldBooks.Unreadable]);
        var failure = await Assert.ThrowsAsync<FirstStateImportException>(() => ledger.Add("x"));
        Assert.Contains("it does not come back", failure.Message, StringComparison.Ordinal);
        OldBooks.Put("unreadable", () => ["a"]);
        await Eventually.GetAsync(async () => await ledger.Add("b") == 2 ? ledger : null, "it is tried again, and succeeds");
    }

    /// <summary>It has put something into the state of the replica that asked, and given nothing: replicas must not differ.</summary>
    [Fact]
    public async Task ImportThatGivesNothing_AndTouchesTheState_LeavesItNew()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Client.GetGrain<IMovedLedger>("touching");
        await ledger.Add("first");
        await cluster.InSyncAsync(ledger, 2);
        await cluster.AllReplicasReadAsync(ledger, ["first"]);
    }
}
