using Orleans.MasterSlave.Contracts;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>An author may end an activation, and Orleans may: the replica goes with it, and the next activation takes up the same log.</summary>
public sealed class DeactivationTests
{
    public static TheoryData<ReplicationMode> Modes => [ReplicationMode.Synchronous, ReplicationMode.Asynchronous];

    [Theory, MemberData(nameof(Modes))]
    public async Task Master_WhoseActivationEnds_HandsOver_AndNothingIsLost(ReplicationMode mode)
    {
        await using var cluster = await LedgerCluster.StartAsync(2);
        var ledger = cluster.Ledger(mode, "leaving");
        var expected = new List<string>();
        for (var round = 0; round < 8; round++)
        {
            for (var i = 0; i < 5; i++) await AddAsync($"{round}.{i}");
            var before = await cluster.InSyncAsync(ledger, 2);
            if (mode == ReplicationMode.Asynchronous) await cluster.AllReplicasReadAsync(ledger, [.. expected]); // else it may be lost, and rightly
            var during = ledger.Add($"{round} during");
            using (ReadPreferenceScope.Use(ReadPreference.Master)) await ledger.Leave();
            await during;
            await AddAsync($"{round} after");
            var after = await cluster.InSyncAsync(ledger, 2);
            Assert.True(after.Epoch > before.Epoch);
            if (mode == ReplicationMode.Synchronous) expected.Insert(expected.Count - 1, $"{round} during");
            else if ((await ledger.Entries()).Contains($"{round} during")) expected.Insert(expected.Count - 1, $"{round} during"); // acknowledged by one alone
        }

        await cluster.AllReplicasReadAsync(ledger, [.. expected]);

        async Task AddAsync(string text)
        {
            await ledger.Add(text);
            expected.Add(text);
        }
    }

    [Fact]
    public async Task OnlyReplica_WhoseActivationEnds_ServesAgain()
    {
        await using var cluster = await LedgerCluster.StartAsync(1);
        var ledger = cluster.Sync("alone");
        for (var i = 0; i < 5; i++)
        {
            await ledger.Add($"{i}");
            await ledger.Leave();
        }

        await ledger.Add("last");
        Assert.Equal(["0", "1", "2", "3", "4", "last"], await ledger.Entries());
    }

    [Fact]
    public async Task Slave_WhoseActivationEnds_GoesOn()
    {
        await using var cluster = await LedgerCluster.StartAsync(2);
        var ledger = cluster.Sync("slave");
        await ledger.Add("one");
        var record = await cluster.InSyncAsync(ledger, 2);
        var slave = cluster.SiloOf(record.InSync.Single(n => n != record.Master));
        await cluster.ReadFromAsync(slave, ledger.Leave);

        await ledger.Add("two");

        var after = await cluster.InSyncAsync(ledger, 2);
        Assert.Equal((record.Epoch, record.Master), (after.Epoch, after.Master));
        await cluster.AllReplicasReadAsync(ledger, ["one", "two"]);
    }

    /// <summary>The new activation knows what the old one promised: it does not compete with a master that lives (L4).</summary>
    [Fact]
    public async Task Slave_OfAGroupAtRest_WhoseActivationEnds_LetsItsMasterBe()
    {
        await using var cluster = await LedgerCluster.StartAsync(2);
        var ledger = cluster.Sync("resting slave");
        await ledger.Add("one");
        var record = await cluster.InSyncAsync(ledger, 2);
        await cluster.AllReplicasReadAsync(ledger, ["one"]);
        var slave = cluster.SiloOf(record.InSync.Single(n => n != record.Master));
        await cluster.ReadFromAsync(slave, ledger.Leave);
        await cluster.ReadFromAsync(slave, ledger.Entries);

        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken); // three waits

        var after = (await cluster.RecordAsync(ledger))!;
        Assert.Equal((record.Epoch, record.Master), (after.Epoch, after.Master));
        using (ReadPreferenceScope.Use(ReadPreference.Master)) Assert.Equal(["one"], await ledger.Entries());
    }
}
