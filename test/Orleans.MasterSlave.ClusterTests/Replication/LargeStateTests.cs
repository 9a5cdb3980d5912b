using Orleans.MasterSlave.TestKit;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>Groups whose state is too large for the log: their snapshots go to the snapshot log of each silo, and are what a replica starts from.</summary>
public sealed class LargeStateTests
{
    private const int Every = 20;
    private static readonly string Filling = new('x', 4096);

    private static Task<LedgerCluster> StartAsync() => LedgerCluster.StartAsync(3, o => (o.SnapshotEveryOperations, o.MaxSlaveLagEntries) = (Every, 1000));

    private static async Task<string[]> AddAsync(ILedger ledger, string what, int count, string filling)
    {
        string[] added = [.. Enumerable.Range(0, count).Select(i => $"{what} {i} {filling}")];
        foreach (var text in added) await ledger.Add(text);
        return added;
    }

    private static long SnapshotBytes(InProcessSiloHandle silo)
    {
        var folder = new DirectoryInfo(Path.Combine(LedgerCluster.LogDirectoryOf(silo), "snapshots"));
        return folder.Exists ? folder.EnumerateFiles().Sum(file => file.Length) : 0;
    }

    [Fact]
    public async Task Replicas_AfterEachSiloWasKilledInTurn_HoldTheStateOfTheirSnapshots()
    {
        await using var cluster = await StartAsync();
        var ledger = cluster.Sync("large");
        var expected = await AddAsync(ledger, "before", 3 * Every, Filling);
        var record = await cluster.InSyncAsync(ledger, 2);
        foreach (var node in record.InSync)
            await Eventually.TrueAsync(() => Task.FromResult(SnapshotBytes(cluster.SiloOf(node)) > Every * Filling.Length), $"a snapshot on {node}");

        for (var round = 0; round < 2; round++)
        {
            var victim = await cluster.MasterOfAsync(ledger);
            await cluster.KillAsync(victim);
            expected = [.. expected, .. await AddAsync(ledger, $"round {round}", 3, Filling)];
            await cluster.RestartAsync(victim);
            await cluster.InSyncAsync(ledger, 2);
        }

        await cluster.AllReplicasReadAsync(ledger, expected);
    }

    [Fact]
    public async Task Slave_TooFarBehindForTheLog_IsInSyncAgain()
    {
        await using var cluster = await StartAsync();
        var ledger = cluster.Sync("behind");
        var expected = await AddAsync(ledger, "before", Every, Filling);
        var record = await cluster.InSyncAsync(ledger, 2);
        var slave = cluster.SiloOf(record.InSync.Single(node => node != record.Master));
        await cluster.KillAsync(slave);
        expected = [.. expected, .. await AddAsync(ledger, "without it", 1500, "")];
        var returned = await cluster.RestartAsync(slave);
        await cluster.InSyncAsync(ledger, 2);
        await cluster.AllReplicasReadAsync(ledger, expected);
        Assert.True(SnapshotBytes(returned) > Every * Filling.Length);
    }
}
