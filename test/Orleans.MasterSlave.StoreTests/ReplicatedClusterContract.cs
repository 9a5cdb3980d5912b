using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.StoreTests;

/// <summary>A small cluster with its group records in the store that the configuration names: made, served, failed over, started again.</summary>
public abstract class ReplicatedClusterContract<TStore> : IAsyncDisposable
    where TStore : StoreConfiguration, new()
{
    private const int Silos = 3;

    /// <summary>Among them what stores fold: each is a grain of its own.</summary>
    private static readonly string[] Keys = ["a/b", @"a\b", "a#b", "a?b", "a_b", "A/B", new string('k', 1_000)];

    private readonly TempDirectory _directory = new();
    private readonly List<IHost> _running = [];
    private ConfiguredHosts _configured = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Grains_AreMade_SurviveTheStopOfEachSilo_AndOfAll()
    {
        _configured = new ConfiguredHosts(_directory, await new TStore().SectionAsync(_directory));
        var silos = await StartAllAsync();
        var client = await StartAsync(_configured.Client());
        var grains = Keys.Select(key => GrainsOf(client).GetGrain<ITally>(key)).ToList();
        await Task.WhenAll(grains.Select((g, i) => g.Add(i)));
        for (var i = 0; i < Silos; i++)
        {
            await AllInSyncAsync(client, grains);
            await StopAsync(silos[i]);
            await Task.WhenAll(grains.Select(g => g.Add(10)));
            silos[i] = await StartAsync(_configured.Silo($"silo{i}"));
        }

        await AllInSyncAsync(client, grains);
        await StopAsync(client);
        foreach (var silo in silos) await StopAsync(silo);
        await StartAllAsync();
        client = await StartAsync(_configured.Client());

        for (var i = 0; i < Keys.Length; i++) Assert.Equal(i + 10 * Silos, await GrainsOf(client).GetGrain<ITally>(Keys[i]).Sum());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _running.ToList()) await StopAsync(host);
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    private static IClusterClient GrainsOf(IHost client) => client.Services.GetRequiredService<IClusterClient>();

    private async Task<List<IHost>> StartAllAsync()
    {
        List<IHost> silos = [];
        for (var i = 0; i < Silos; i++) silos.Add(await StartAsync(_configured.Silo($"silo{i}")));
        await Eventually.TrueAsync(
            () => Task.FromResult(silos.All(s => s.Services.GetRequiredService<MasterSlaveNode>().Running?.Nodes.Nodes().Count == Silos)), "all silos know each other");
        return silos;
    }

    private static Task AllInSyncAsync(IHost client, IEnumerable<ITally> grains) => Eventually.TrueAsync(
        async () =>
        {
            var diagnostics = client.Services.GetRequiredService<IReplicatedGrainDiagnostics>();
            foreach (var grain in grains)
                if ((await diagnostics.GetReplicasAsync(grain)).Count(r => r.IsInSync) < 2) return false;
            return true;
        },
        "every grain has two replicas in sync");

    private async Task<IHost> StartAsync(IHost host)
    {
        _running.Add(host);
        await host.StartAsync(Cancelled);
        return host;
    }

    private async Task StopAsync(IHost host)
    {
        _running.Remove(host);
        await host.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)host).DisposeAsync();
    }
}

public sealed class SqliteClusterTests : ReplicatedClusterContract<SqliteConfiguration>;

public sealed class PostgresClusterTests : ReplicatedClusterContract<PostgresConfiguration>;

public sealed class RedisClusterTests : ReplicatedClusterContract<RedisConfiguration>;

public sealed class AzureTablesClusterTests : ReplicatedClusterContract<AzureTablesConfiguration>;

public sealed class AzureBlobsClusterTests : ReplicatedClusterContract<AzureBlobsConfiguration>;
