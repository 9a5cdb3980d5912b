using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.TestKit;
using Orleans.TestingHost;

namespace Orleans.MasterSlave.MovingTests;

/// <summary>Three silos that are upgraded one after the other. What a version does not know is not in the manifest of its silos.</summary>
internal sealed class MovingCluster : IAsyncDisposable
{
    public const string OldStorage = "old";
    private const int Silos = 3;

    private readonly TempDirectory _directory = new();
    private readonly ConcurrentDictionary<string, int> _versions = new();
    private readonly List<InProcessSiloHandle> _upgraded = [];
    private InProcessTestCluster _cluster = null!;

    public IClusterClient Client => _cluster.Client;

    public static async Task<MovingCluster> StartAsync()
    {
        var cluster = new MovingCluster();
        var builder = new InProcessTestClusterBuilder(Silos);
        builder.ConfigureSilo((of, silo) =>
        {
            var version = cluster._versions.GetValueOrDefault(of.SiloName, 1);
            silo.Services.PostConfigure<GrainTypeOptions>(types =>
            {
                Type[] unknown = version == 1 ? [typeof(MovingAccount), typeof(ReplicatedAccount)] : [typeof(PlainAccount)];
                foreach (var type in unknown) types.Classes.Remove(type);
            });
            silo.AddSqliteGrainStorage(OldStorage, cluster._directory.File("old.db"));
            silo.AddSqliteGrainStorage("MasterSlave", cluster._directory.File("groups.db"));
            silo.AddMasterSlave(o => o.LogDirectory = cluster._directory.File(of.SiloName));
        });
        builder.ConfigureClient(client => client
            .AddMasterSlave()
            // A call of a plain grain that was under way on a silo that stops waits for this.
            .Configure<ClientMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(3))
            // A client looks for new grain types once a minute. Version 3 of a caller would be a new process, and know them at once.
            .Configure<TypeManagementOptions>(o => o.TypeMapRefreshInterval = TimeSpan.FromSeconds(1)));
        cluster._cluster = builder.Build();
        await cluster._cluster.DeployAsync();
        return cluster;
    }

    /// <summary>Stops one silo after the other, and starts it with version 2.</summary>
    public async Task UpgradeAsync()
    {
        foreach (var silo in _cluster.Silos.ToList())
        {
            await _cluster.StopSiloAsync(silo);
            _versions[silo.Name] = 2;
            _upgraded.Add(await _cluster.StartSiloAsync(silo.InstanceNumber, _cluster.Options));
        }

        await Eventually.TrueAsync(
            () => Task.FromResult(_upgraded.All(s => s.ServiceProvider.GetRequiredService<MasterSlaveNode>().Running?.Nodes.Nodes().Count == Silos)),
            "all silos know each other");
    }

    public async Task KillAsync(int silo) => await _cluster.KillSiloAsync(_upgraded[silo]);

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _upgraded) await silo.DisposeAsync();
        await _cluster.DisposeAsync();
        _directory.Dispose();
    }
}
