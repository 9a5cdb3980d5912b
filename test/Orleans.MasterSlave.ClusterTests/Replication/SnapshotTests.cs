using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>Snapshots that an operator asks for.</summary>
public sealed class SnapshotTests
{
    [Fact]
    public async Task TakeSnapshots_HasEachReplicaTakeOne_AndSaysWhoDidNot()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Sync("asked");
        for (var i = 0; i < 5; i++) await ledger.Add($"{i}");
        var record = await cluster.InSyncAsync(ledger, 2);
        var diagnostics = cluster.Client.ServiceProvider.GetRequiredService<IReplicatedGrainDiagnostics>();

        var outcomes = await diagnostics.TakeSnapshotsAsync(ledger, TimeSpan.FromSeconds(20));
        Assert.Equal(2, outcomes.Count);
        Assert.All(outcomes, outcome => Assert.Equal((true, null), (outcome.IsDurable, outcome.Reason)));

        var victim = cluster.SiloOf(record.Replicas.First(n => n != record.Master));
        await cluster.KillAsync(victim);
        await ledger.Add("after");
        outcomes = await diagnostics.TakeSnapshotsAsync(ledger, TimeSpan.FromSeconds(3));
        Assert.NotNull(outcomes.Single(outcome => !outcome.Replica.IsMaster).Reason);
        Assert.True(outcomes.Single(outcome => outcome.Replica.IsMaster).IsDurable);
    }
}
