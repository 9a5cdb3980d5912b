using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.TestKit;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>
/// The seed's fault cases 1 and 2: one silo does not reach the group store. At rest nobody needs it; when the other silo fails too, nothing is answered that
/// the record could take back, until the store is there again.
/// </summary>
public sealed class StoreOutageTests
{
    public static TheoryData<ReplicationMode, ReplicaRole> Cases => new()
    {
        { ReplicationMode.Synchronous, ReplicaRole.Master },
        { ReplicationMode.Synchronous, ReplicaRole.Slave },
        { ReplicationMode.Asynchronous, ReplicaRole.Master },
        { ReplicationMode.Asynchronous, ReplicaRole.Slave },
    };

    public static TheoryData<ReplicationMode> Modes => [ReplicationMode.Synchronous, ReplicationMode.Asynchronous];

    [Theory, MemberData(nameof(Cases))]
    public async Task Group_WithOneSiloCutOffFromTheStore_GoesOn_AndAsksForNothing(ReplicationMode mode, ReplicaRole role)
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var (ledger, record, master, slave) = await AtRestAsync(cluster, mode, "goes-on");
        var store = cluster.StoreOf(role == ReplicaRole.Master ? master : slave);
        _ = store.Cut();
        var calls = store.Calls;

        for (var i = 0; i < 20; i++) Assert.Equal(i + 2, await ledger.Add($"{i}"));
        string[] expected = ["before", .. Enumerable.Range(0, 20).Select(i => $"{i}")];
        using (ReadPreferenceScope.Use(ReadPreference.Master)) Assert.Equal(expected, await ledger.Entries());
        await cluster.EachReadsAsync(ledger, expected, master, slave);

        Assert.Equal(calls, store.Calls);
        store.Mend();
        Assert.Equal(record.Version, (await cluster.RecordAsync(ledger))!.Version);
    }

    /// <summary>Case 1, and the slave dies: the master may not take it out of the record, so it answers nothing, and reads nothing as master, once its lease is over.</summary>
    [Theory, MemberData(nameof(Modes))]
    public async Task Master_CutOffFromTheStore_WhoseSlaveDies_ServesNothing_UntilTheStoreIsBack(ReplicationMode mode)
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var (ledger, record, master, slave) = await AtRestAsync(cluster, mode, "master-cut");
        var slaveNode = record.InSync.Single(n => n != record.Master);
        var refused = cluster.StoreOf(master).Cut();
        await cluster.KillAsync(slave);
        await Eventually.TrueAsync(
            () => Task.FromResult(LedgerCluster.Node(master).Running!.Liveness.ReachableSession(slaveNode) is null), "the lease is over");

        var adding = ledger.Add("during");
        Task<string[]> reading;
        using (ReadPreferenceScope.Use(ReadPreference.Master)) reading = ledger.Entries();
        await refused; // it wants the slave out, and may not
        await Eventually.TrueAsync(() => Task.FromResult(cluster.StoreOf(master).Calls > 3), "it asks again");
        Assert.False(adding.IsCompleted);
        Assert.False(reading.IsCompleted);

        cluster.StoreOf(master).Mend();
        Assert.Equal(2, await adding);
        Assert.Contains((await reading).Length, new[] { 1, 2 });
        Assert.Equal(["before", "during"], await ledger.Entries());
        var after = (await cluster.RecordAsync(ledger, master))!;
        Assert.Equal((record.Epoch, record.Master, 1), (after.Epoch, after.Master, after.InSync.Length));
    }

    /// <summary>Case 2, and the master dies: the slave may not take over, and answers nothing as master; it takes over when the store is back.</summary>
    [Theory, MemberData(nameof(Modes))]
    public async Task Slave_CutOffFromTheStore_WhoseMasterDies_TakesOver_WhenTheStoreIsBack(ReplicationMode mode)
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var (ledger, record, master, slave) = await AtRestAsync(cluster, mode, "slave-cut");
        var refused = cluster.StoreOf(slave).Cut();
        await cluster.KillAsync(master);

        var adding = ledger.Add("during");
        Task<string[]> reading;
        using (ReadPreferenceScope.Use(ReadPreference.Master)) reading = ledger.Entries();
        await refused; // it wants the office, and cannot even read who has it
        var calls = cluster.StoreOf(slave).Calls;
        await Eventually.TrueAsync(() => Task.FromResult(cluster.StoreOf(slave).Calls > calls + 2), "it asks again");
        Assert.False(adding.IsCompleted);
        Assert.False(reading.IsCompleted);

        cluster.StoreOf(slave).Mend();
        Assert.Equal(2, await adding);
        Assert.Contains((await reading).Length, new[] { 1, 2 });
        Assert.Equal(["before", "during"], await ledger.Entries());
        var after = (await cluster.RecordAsync(ledger, slave))!;
        Assert.Equal(record.Epoch.Next(), after.Epoch);
        Assert.Same(slave, cluster.SiloOf(after.Master));
    }

    /// <summary>
    /// What an asynchronous master acknowledged and nobody else got is lost when another takes over; when it returns on its folder, it says so, and keeps it
    /// in a file (C2, C5). Its store is cut, so that it cannot take the slave out of the record first.
    /// </summary>
    [Fact]
    public async Task AsyncMaster_ThatReturnsWithATailOfItsOwn_SavesItAsOrphans_AndFollows()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var (ledger, record, master, slave) = await AtRestAsync(cluster, ReplicationMode.Asynchronous, "divergent");
        _ = cluster.StoreOf(master).Cut();
        cluster.EntriesTo(slave).Shut();
        string[] lost = [.. Enumerable.Range(0, 5).Select(i => $"lost {i}")];
        foreach (var text in lost) await ledger.Add(text);
        var directory = LedgerCluster.LogDirectoryOf(master);
        await cluster.KillAsync(master);
        cluster.EntriesTo(slave).Open();
        for (var i = 0; i < 5; i++) await ledger.Add($"after {i}");
        Assert.Empty(OrphanedOperations.Read(directory, cluster.Client.ServiceProvider).Operations);

        cluster.StoreOf(master).Mend();
        await cluster.RestartAsync(master);
        var after = await cluster.InSyncAsync(ledger, 2, slave);

        var found = OrphanedOperations.Read(directory, cluster.Client.ServiceProvider);
        Assert.Empty(found.Unread);
        var orphans = found.Operations;
        Assert.Equal(lost, orphans.Select(o => (string)o.Arguments.Single()!));
        Assert.All(orphans, o => Assert.Equal((ledger.GetGrainId(), record.Epoch.Value), (o.Grain, o.Epoch)));
        Assert.Contains(cluster.Warnings.Messages, m => m.Contains("orphan", StringComparison.OrdinalIgnoreCase) && m.Contains($"{lost.Length} ", StringComparison.Ordinal));
        Assert.Equal(record.DataLossCount + 1, after.DataLossCount);
        await cluster.AllReplicasReadAsync(ledger, ["before", .. Enumerable.Range(0, 5).Select(i => $"after {i}")]);
    }

    /// <summary>A group with one entry that both replicas have applied.</summary>
    private static async Task<(ILedger Ledger, GroupRecord Record, InProcessSiloHandle Master, InProcessSiloHandle Slave)> AtRestAsync(
        LedgerCluster cluster, ReplicationMode mode, string key)
    {
        var ledger = cluster.Ledger(mode, key);
        await ledger.Add("before");
        var record = await cluster.InSyncAsync(ledger, 2);
        await cluster.AllReplicasReadAsync(ledger, ["before"]);
        return (ledger, record, cluster.SiloOf(record.Master), cluster.SiloOf(record.InSync.Single(n => n != record.Master)));
    }
}
