using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>All silos of a group were down: it comes up by itself, and callers that lived on find it at its new addresses.</summary>
public sealed class FullRestartTests
{
    public static TheoryData<ReplicationMode> Modes => [ReplicationMode.Synchronous, ReplicationMode.Asynchronous];

    [Theory, MemberData(nameof(Modes))]
    public async Task Group_OfWhichAllSilosWereKilled_ComesUpWithoutACaller_AndServesTheClientThatLivedOn(ReplicationMode mode)
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Ledger(mode, "all");
        await ledger.Add("before");
        var before = await cluster.InSyncAsync(ledger, 2);
        var victims = before.Replicas.Select(cluster.SiloOf).ToArray();
        var witness = cluster.Silos.Single(silo => !victims.Contains(silo));
        foreach (var victim in victims) await cluster.KillAsync(victim);
        foreach (var victim in victims) await cluster.RestartAsync(victim);

        await Eventually.TrueAsync(
            async () => await cluster.RecordAsync(ledger, witness) is { } record && record.Epoch > before.Epoch && record.InSync.Length == 2,
            "a new mastership with both in sync, though nobody called");
        await ledger.Add("after").WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(["before", "after"], await ledger.Entries());
    }
}
