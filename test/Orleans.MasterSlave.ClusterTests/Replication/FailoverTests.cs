using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>The seed's fault cases, on silos in one process: "killed" means stopped without a word; crashes are for real processes.</summary>
public sealed class FailoverTests
{
    public static TheoryData<ReplicationMode> Modes => [ReplicationMode.Synchronous, ReplicationMode.Asynchronous];

    [Theory, MemberData(nameof(Modes))]
    public async Task Master_WhenItsSiloIsKilled_IsSucceeded_AndCallersOnlyWait(ReplicationMode mode)
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Ledger(mode, "failover");
        await ledger.Add("before");
        var before = await cluster.InSyncAsync(ledger, 2);
        var victim = cluster.SiloOf(before.Master);

        var kill = cluster.KillAsync(victim);
        var during = ledger.Add("during");
        await kill;
        await during;
        await ledger.Add("after");

        var survivor = cluster.Silos[0];
        var after = (await cluster.RecordAsync(ledger, survivor))!;
        Assert.NotEqual(before.Master, after.Master);
        Assert.True(after.Epoch > before.Epoch);
        Assert.Equal(["before", "during", "after"], await ledger.Entries());
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task OldMaster_WhenItReturns_IsSlaveAndCatchesUp(ReplicationMode mode)
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Ledger(mode, "return");
        for (var i = 0; i < 10; i++) await ledger.Add($"before {i}");
        var victim = await cluster.MasterOfAsync(ledger);
        await cluster.InSyncAsync(ledger, 2);

        await cluster.KillAsync(victim);
        for (var i = 0; i < 10; i++) await ledger.Add($"after {i}");
        await cluster.RestartAsync(victim);

        await cluster.InSyncAsync(ledger, 2);
        var expected = Enumerable.Range(0, 10).Select(i => $"before {i}").Concat(Enumerable.Range(0, 10).Select(i => $"after {i}")).ToArray();
        await cluster.AllReplicasReadAsync(ledger, expected);
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Slave_WhenItsSiloIsKilled_LeavesTheInSyncSet_AndTheMasterServesOn(ReplicationMode mode)
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Ledger(mode, "slave");
        await ledger.Add("before");
        var record = await cluster.InSyncAsync(ledger, 2);
        var master = cluster.SiloOf(record.Master);
        var slave = cluster.SiloOf(record.InSync.Single(n => n != record.Master));

        await cluster.KillAsync(slave);
        await ledger.Add("after");

        await Eventually.TrueAsync(async () => (await cluster.RecordAsync(ledger, master))!.InSync.Length == 1, "the dead slave is out");
        var after = (await cluster.RecordAsync(ledger, master))!;
        Assert.Equal((record.Epoch, record.Master), (after.Epoch, after.Master));
        Assert.Equal(["before", "after"], await ledger.Entries());
    }

    [Fact]
    public async Task Read_WithAStrictSession_AfterADataLoss_IsRefusedOnce()
    {
        await using var cluster = await LedgerCluster.StartAsync(client: o => o.StrictSessions = true);
        var ledger = cluster.Async("strict");
        await ledger.Add("before");
        var record = await cluster.InSyncAsync(ledger, 2);

        await cluster.KillAsync(cluster.SiloOf(record.Master)); // what this client saw may be lost: nobody can tell (C5)
        var another = cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IAsyncLedger>("strict");
        await another.Add("after"); // there is a new master

        await Assert.ThrowsAsync<SessionTokenLostException>(ledger.Entries);
        Assert.Equal(["before", "after"], await ledger.Entries());
    }

    [Fact]
    public async Task Silo_WhenItStops_ResignsItsMasterships_WithoutTheWait()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Sync("planned");
        await ledger.Add("before");
        var record = await cluster.InSyncAsync(ledger, 2);
        var meters = cluster.SiloOf(record.Master).ServiceProvider.GetRequiredService<IMeterFactory>();
        using var quarantines = new MetricCollector<long>(meters, "Orleans.MasterSlave", "masterslave.quarantines");

        var stop = cluster.StopAsync(cluster.SiloOf(record.Master));
        var began = TimeProvider.System.GetTimestamp();
        await ledger.Add("after");
        var took = TimeProvider.System.GetElapsedTime(began);
        await stop;

        Assert.Equal(["before", "after"], await ledger.Entries());
        Assert.True(took < TimeSpan.FromSeconds(5), $"the call took {took}");
        Assert.Empty(quarantines.GetMeasurementSnapshot()); // to stop is no fault
    }
}
