using Orleans.Hosting;
using Orleans.MasterSlave.TestKit;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Storage;

/// <summary>Silos and a client find each other through the store, and grain states outlive the whole cluster.</summary>
public abstract class StorageClusterContract
{
    protected abstract void Configure(ISiloBuilder silo);

    protected abstract void Configure(IClientBuilder client);

    [Fact]
    public async Task Cluster_FormsServesAndRestarts_WithItsStates()
    {
        const int silos = 3, grains = 30;
        var cancelled = TestContext.Current.CancellationToken;
        var run = Guid.NewGuid().ToString("N");
        await using (var cluster = await SmallCluster.StartAsync(silos, Configure, Configure, cancelled))
        {
            await Task.WhenAll(Enumerable.Range(0, grains).Select(async i =>
            {
                var grain = cluster.Client.GetGrain<ICounterGrain>($"{run}/{i}");
                var silo = cluster.Silos[i % silos];
                Assert.Equal(silo, await WhereAsync(grain, silo)); // placement by itself need not use every silo
                await grain.Add(1);
                Assert.Equal(i + 1, await grain.Add(i));
            }));
        }

        await using (var cluster = await SmallCluster.StartAsync(silos, Configure, Configure, cancelled))
        {
            for (var i = 0; i < grains; i++)
            {
                Assert.Equal(i + 1, await cluster.Client.GetGrain<ICounterGrain>($"{run}/{i}").Get());
            }
        }
    }

    private static async Task<SiloAddress> WhereAsync(ICounterGrain grain, SiloAddress wanted)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, wanted);
        try
        {
            return await grain.Where();
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }
}
