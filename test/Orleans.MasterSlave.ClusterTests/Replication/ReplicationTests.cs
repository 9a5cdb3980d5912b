using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Replication;

public sealed class ReplicationTests
{
    public static TheoryData<ReplicationMode> Modes => [ReplicationMode.Synchronous, ReplicationMode.Asynchronous];

    [Theory, MemberData(nameof(Modes))]
    public async Task Operation_IsAppliedOnEveryReplica_OnDifferentSilos(ReplicationMode mode)
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Ledger(mode, "a");
        for (var i = 1; i <= 20; i++) Assert.Equal(i, await ledger.Add($"entry {i}"));
        var record = await cluster.InSyncAsync(ledger, 2);

        Assert.Equal(2, record.Replicas.Distinct().Count());
        Assert.Equal("a", await ledger.Key());
        var expected = Enumerable.Range(1, 20).Select(i => $"entry {i}").ToArray();
        await cluster.AllReplicasReadAsync(ledger, expected);
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task UserCode_UnderManyCallers_IsNeverInterleaved(ReplicationMode mode)
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Ledger(mode, "turns");
        await ledger.Add("first");
        await cluster.InSyncAsync(ledger, 2);

        var writes = Enumerable.Range(0, 200).Select(i => ledger.SlowAdd($"{i}", 3)).ToArray();
        var reads = Enumerable.Range(0, 200).Select(_ => ledger.Entries()).ToArray();
        var counts = await Task.WhenAll(writes);
        await Task.WhenAll(reads);

        Assert.Equal(Enumerable.Range(2, 200), counts.Order());
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task DeterministicIds_AreTheSameOnEveryReplica(ReplicationMode mode)
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Ledger(mode, "ids");
        for (var i = 0; i < 5; i++) await ledger.Add($"{i}");
        await cluster.InSyncAsync(ledger, 2);
        await cluster.AllReplicasReadAsync(ledger, ["0", "1", "2", "3", "4"]);

        var all = await cluster.ReadEachReplicaAsync(ledger, ledger.Ids);

        Assert.Equal(2, all.Count);
        Assert.Equal(5, all[0].Distinct().Count());
        Assert.Equal(all[0], all[1]);
    }

    [Fact]
    public async Task Exception_OfTheApplication_ArrivesAsThrown_AndItsEffectIsReplicated()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Sync("throws");

        var thrown = await Assert.ThrowsAsync<ArgumentException>(() => ledger.Fail("luck"));

        Assert.Contains("no luck", thrown.Message);
        await cluster.InSyncAsync(ledger, 2);
        await cluster.AllReplicasReadAsync(ledger, ["luck"]);
    }

    [Fact]
    public async Task RequestContext_OfTheCaller_ReachesTheOperation()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Sync("context");
        RequestContext.Set("tenant", "blue");
        try
        {
            Assert.Equal("blue", await ledger.AddFromContext("tenant"));
        }
        finally
        {
            RequestContext.Clear();
        }
    }

    [Fact]
    public async Task Reads_TakeTheReplicasInTurn_AndOperationsGoToTheMaster()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Sync("reads");
        await ledger.Add("one");
        var record = await cluster.InSyncAsync(ledger, 2);
        await cluster.AllReplicasReadAsync(ledger, ["one"]);

        var who = new List<(string Silo, ReplicaRole Role)>();
        await Eventually.TrueAsync(
            async () =>
            {
                who.Add(await ledger.Who());
                return who.Select(w => w.Silo).Distinct().Count() == 2; // the slave answers when a heartbeat has told it that it is up to date
            },
            "a read at each replica");
        for (var i = 0; i < 20; i++) who.Add(await ledger.Who());

        Assert.All(who, w => Assert.Equal(w.Silo == cluster.SiloOf(record.Master).SiloAddress.ToParsableString(), w.Role == ReplicaRole.Master));
        using (ReadPreferenceScope.Use(ReadPreference.Master))
        {
            for (var i = 0; i < 5; i++) Assert.Equal(ReplicaRole.Master, (await ledger.Who()).Role);
        }
    }

    [Fact]
    public async Task Read_AfterOwnWrite_SeesIt_OnWhicheverReplica()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Sync("own");
        await ledger.Add("0");
        await cluster.InSyncAsync(ledger, 2);
        for (var i = 1; i <= 100; i++)
        {
            await ledger.Add($"{i}");
            Assert.Equal(i + 1, (await ledger.Entries()).Length);
        }
    }
}
