using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.GrainReferences;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.TestKit;
using Orleans.Metadata;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>Replicas live where the class is, each on the silo that its id names (G2, G8).</summary>
public sealed class PlaceTests
{
    private static string NameOf(int silo) => $"Silo_{silo}";

    /// <summary>Silos of another role.</summary>
    [Fact]
    public async Task SilosWithoutTheClass_GetNoReplicas()
    {
        await using var cluster = await LedgerCluster.StartAsync(4, configure: (name, silo) =>
        {
            if (name == NameOf(0) || name == NameOf(1)) Remove(silo, typeof(SyncLedger));
        });
        var able = cluster.Silos.Where(s => s.Name == NameOf(2) || s.Name == NameOf(3)).Select(s => LedgerCluster.Node(s).Hello!.Life.Node).ToHashSet();
        Assert.Equal(2, able.Count);
        for (var i = 0; i < 8; i++)
        {
            var ledger = cluster.Sync($"role {i}");
            Assert.Equal(1, await ledger.Add("x").WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
            Assert.Equal(able, (await cluster.InSyncAsync(ledger, 2)).InSync.ToHashSet());
        }
    }

    /// <summary>A rolling upgrade brings the class: groups that were made when one silo had it get their second replica when another comes back with it.</summary>
    [Fact]
    public async Task Group_GetsItsOtherReplicas_WhenSilosWithTheClassJoin()
    {
        HashSet<string> old = [NameOf(1), NameOf(2)];
        await using var cluster = await LedgerCluster.StartAsync(3, configure: (name, silo) =>
        {
            if (old.Contains(name)) Remove(silo, typeof(SyncLedger));
        });
        var ledger = cluster.Sync("early");
        await ledger.Add("on one silo");
        Assert.Single((await cluster.RecordAsync(ledger))!.Replicas);

        old.Remove(NameOf(1));
        var upgraded = cluster.Silos.Single(s => s.Name == NameOf(1));
        await cluster.StopAsync(upgraded);
        upgraded = await cluster.RestartAsync(upgraded);

        var record = await cluster.InSyncAsync(ledger, 2);
        Assert.Contains(LedgerCluster.Node(upgraded).Hello!.Life.Node, record.InSync);
        await ledger.Add("on two");
        await cluster.EachReadsAsync(ledger, ["on one silo", "on two"], upgraded);
    }

    /// <summary>
    /// A grain that was plain becomes replicated under the same grain type, one silo after the other. The first that is upgraded sees only plain ones beside it.
    /// </summary>
    [Fact]
    public async Task PlainGrain_ThatBecomesReplicated_HasItsReplicasOnDistinctSilos()
    {
        HashSet<string> old = [NameOf(0), NameOf(1), NameOf(2)];
        await using var cluster = await LedgerCluster.StartAsync(3, configure: (name, silo) =>
        {
            if (!old.Contains(name)) return;
            Remove(silo, typeof(Note));
            silo.Services.Insert(0, ServiceDescriptor.Singleton<IGrainTypeProvider, AsPlainNote>());
        });
        for (var i = 0; i < 3; i++)
        {
            old.Remove(NameOf(i));
            var silo = cluster.Silos.Single(s => s.Name == NameOf(i) && s.IsActive);
            await cluster.StopAsync(silo);
            silo = await cluster.RestartAsync(silo);
            if (i > 0) continue;
            // The first: all that it sees of the type elsewhere is plain.
            var early = silo.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<INote>(GrainId.Create("test.note", "early"));
            Assert.Equal(1, await early.Add("x"));
        }

        foreach (var silo in cluster.Silos.Where(s => s.IsActive))
        {
            var factory = silo.ServiceProvider.GetRequiredService<IGrainFactory>();
            for (var i = 0; i < 5; i++)
            {
                var note = factory.GetGrain<INote>(GrainId.Create("test.note", $"{silo.Name} {i}"));
                Assert.Equal(1, await note.Add("x"));
                var group = new GroupId(note.GetGrainId());
                await Eventually.TrueAsync(
                    async () => await LedgerCluster.Node(silo).Running!.Coordinators.Of(group).ReadAsync(fresh: true) is { InSync.Length: 3 }, "three in sync");
                var ids = cluster.Silos.Where(s => s.IsActive).Select(s => LedgerCluster.Node(s).Running!.Log.HoldingOf(group)).ToList();
                Assert.All(ids, held => Assert.Equal(Journal.GroupHolding.Data, held)); // each on its own disk
            }
        }
    }

    [Fact]
    public async Task ActivationThatFailsOnOneSilo_IsThatSilosTrouble()
    {
        var picky = new PickySilos { Refuses = name => name == NameOf(0) };
        await using var cluster = await LedgerCluster.StartAsync(3, configure: (_, silo) => silo.Services.AddSingleton(picky));
        for (var i = 0; i < 6; i++)
        {
            var ledger = cluster.Client.GetGrain<IPickyLedger>($"picky {i}");
            Assert.Equal(1, await ledger.Add("x").WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task ActivationThatFailsEverywhere_ReachesTheCallerAtOnce_AsItIs()
    {
        var picky = new PickySilos { Refuses = _ => true };
        await using var cluster = await LedgerCluster.StartAsync(3, configure: (_, silo) => silo.Services.AddSingleton(picky));
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => cluster.Client.GetGrain<IPickyLedger>("nowhere").Add("x").WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
        Assert.Contains("no activation on", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>By a client without the library, and a key that names a silo: the author's method must not run past log and other replicas.</summary>
    [Fact]
    public async Task CallThatReachesAReplicaAsAPlainGrains_IsRefused()
    {
        await using var cluster = await LedgerCluster.StartAsync(2);
        var ledger = cluster.Sync("plain");
        await ledger.Add("x");
        await cluster.InSyncAsync(ledger, 2);
        var services = cluster.Client.ServiceProvider;
        var reference = (GrainReference)ledger;
        IGrainReferenceActivator? plain = null;
        foreach (var provider in services.GetServices<IGrainReferenceActivatorProvider>())
            if (provider.GetType().Assembly == typeof(GrainReferenceActivator).Assembly && provider.TryGet(reference.GrainId.Type, reference.InterfaceType, out var found)) plain ??= found;
        var replica = (ISyncLedger)plain!.CreateReference(ReplicaGrainId.Create(LedgerCluster.GroupOf(ledger), cluster.Silos[0].SiloAddress));
        var refusal = await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => replica.Add("past the log"));
        Assert.DoesNotContain('\u001F', refusal.Message);
        await cluster.AllReplicasReadAsync(ledger, ["x"]);
    }

    /// <summary>It knows the master alone when it has made the group; an answer tells it of the slave that came in sync.</summary>
    [Fact]
    public async Task ClientThatMadeAGroup_ReadsFromEveryReplica_OnceTheyAreInSync()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var ledger = cluster.Sync("spread");
        await ledger.Add("x");
        await cluster.InSyncAsync(ledger, 2);
        HashSet<string> readers = [];
        await Eventually.TrueAsync(
            async () =>
            {
                readers.Add((await ledger.Who()).Silo);
                return readers.Count == 2;
            },
            "both replicas answer reads");
    }

    [Fact]
    public async Task NewGroup_ThatTheStoreRefuses_EndsWithTheStoresReason_AndHoldsUpNoStop()
    {
        await using var cluster = await LedgerCluster.StartAsync(2);
        foreach (var silo in cluster.Silos) cluster.StoreOf(silo).RefusesWrites = true;
        var refusal = await Assert.ThrowsAsync<MasterSlaveConfigurationException>(
            () => cluster.Sync("refused").Add("x").WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken));
        Assert.Contains("the row is refused", refusal.Message, StringComparison.Ordinal);
        var calls = cluster.Silos.Sum(s => cluster.StoreOf(s).Calls);
        Assert.InRange(calls, 1, 60);
        await cluster.StopAsync(cluster.Silos[1]).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    /// <summary>Nothing was on its way: nobody is told of a loss (C5).</summary>
    [Fact]
    public async Task IdleSiloThatStops_ClaimsNoLoss_OfAsynchronousGroups()
    {
        await using var cluster = await LedgerCluster.StartAsync(3);
        var ledger = cluster.Async("idle");
        await ledger.Add("x");
        await cluster.InSyncAsync(ledger, 2);
        await cluster.AllReplicasReadAsync(ledger, ["x"]);
        var (master, witness) = (await cluster.MasterOfAsync(ledger), (InProcessSiloHandle?)null);
        witness = cluster.Silos.First(s => s != master);
        await cluster.StopAsync(master);
        Assert.Equal(2, await ledger.Add("y"));
        Assert.Equal(0, (await cluster.RecordAsync(ledger, witness))!.DataLossCount);
        Assert.DoesNotContain(cluster.Warnings.Messages, m => m.Contains("may be lost", StringComparison.Ordinal));
    }

    /// <summary>A replica that does not activate on one silo: its group serves, and an operator hears why it has one replica.</summary>
    [Fact]
    public async Task GroupWithTooFewInSync_IsTold_WithTheReason()
    {
        var picky = new PickySilos { Refuses = name => name == NameOf(0) };
        await using var cluster = await LedgerCluster.StartAsync(2, configure: (_, silo) => silo.Services.AddSingleton(picky));
        await cluster.Client.GetGrain<IPickyLedger>("told").Add("x");
        await Eventually.TrueAsync(
            () => Task.FromResult(cluster.Warnings.Messages.Any(m => m.Contains("only 1 of the 2 replicas", StringComparison.Ordinal) && m.Contains("no activation on", StringComparison.Ordinal))),
            "the warning with the reason");
    }

    private static void Remove(ISiloBuilder silo, Type grain) => silo.Services.Configure<GrainTypeOptions>(o => o.Classes.Remove(grain));
}
