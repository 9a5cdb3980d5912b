using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.TestKit;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>Silos in this process with replicated ledgers: group records on SQLite, logs in a temporary folder.</summary>
public sealed class LedgerCluster : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly List<InProcessSiloHandle> _returned = []; // the test cluster does not count silos that come back
    private readonly ConcurrentDictionary<string, StoreSwitch> _stores = new();
    private readonly ConcurrentDictionary<string, ReplicationGate> _gates = new();
    private InProcessTestCluster _cluster = null!;

    public IClusterClient Client => _cluster.Client;
    public ReportedWarnings Warnings { get; } = new();
    public IReadOnlyList<InProcessSiloHandle> Silos => [.. _cluster.Silos, .. _returned];

    public static async Task<LedgerCluster> StartAsync(
        short silos = 3, Action<MasterSlaveOptions>? options = null, Action<MasterSlaveClientOptions>? client = null, Action<string, ISiloBuilder>? configure = null)
    {
        var cluster = new LedgerCluster();
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((of, silo) =>
        {
            silo.AddSqliteGrainStorage("groups", o => o.Path = cluster._directory.File("groups.db"));
            silo.Services.AddKeyedSingleton("MasterSlave", (services, _) => cluster.Switch(of.SiloName).Over(services.GetRequiredKeyedService<IGrainStorage>("groups")));
            silo.Services.AddLogging(l => l.AddProvider(cluster.Warnings));
            silo.AddMasterSlave(o =>
            {
                o.LogDirectory = cluster._directory.File(of.SiloName);
                options?.Invoke(o);
            });
            // Before the library's own filter, to see its calls.
            silo.Services.Insert(0, ServiceDescriptor.Singleton<IIncomingGrainCallFilter>(cluster.Gate(of.SiloName)));
            configure?.Invoke(of.SiloName, silo);
            if (Environment.GetEnvironmentVariable("MASTERSLAVE_TEST_LOG") is { } file)
                silo.Services.AddLogging(l => l.SetMinimumLevel(LogLevel.Information).AddProvider(new FileLoggerProvider(file, of.SiloName)));
        });
        builder.ConfigureClient(builder => builder.AddMasterSlave(client));
        cluster._cluster = builder.Build();
        await cluster._cluster.DeployAsync();
        await cluster.AllNodesKnownAsync(silos);
        return cluster;
    }

    /// <summary>A silo's way to the group records; the same when the silo comes back.</summary>
    public StoreSwitch StoreOf(InProcessSiloHandle silo) => Switch(silo.Name);

    /// <summary>What masters send to a silo's replicas.</summary>
    public ReplicationGate EntriesTo(InProcessSiloHandle silo) => Gate(silo.Name);

    public static string LogDirectoryOf(InProcessSiloHandle silo) => silo.ServiceProvider.GetRequiredService<IOptions<MasterSlaveOptions>>().Value.LogDirectory;

    private StoreSwitch Switch(string silo) => _stores.GetOrAdd(silo, _ => new StoreSwitch());

    private ReplicationGate Gate(string silo) => _gates.GetOrAdd(silo, _ => new ReplicationGate());

    public ILedger Sync(string key) => Client.GetGrain<ISyncLedger>(key);

    public ILedger Async(string key) => Client.GetGrain<IAsyncLedger>(key);

    public ILedger Ledger(ReplicationMode mode, string key) => mode == ReplicationMode.Synchronous ? Sync(key) : Async(key);

    /// <summary>A silo dies without a word: nothing is resigned, and the log is closed where it is.</summary>
    public Task KillAsync(InProcessSiloHandle silo) => _cluster.KillSiloAsync(silo);

    public Task StopAsync(InProcessSiloHandle silo) => _cluster.StopSiloAsync(silo);

    /// <summary>Starts a silo that was killed or stopped: same name, same log folder, another port.</summary>
    public async Task<InProcessSiloHandle> RestartAsync(InProcessSiloHandle silo)
    {
        var returned = await _cluster.StartSiloAsync(silo.InstanceNumber, _cluster.Options);
        _returned.Add(returned);
        return returned;
    }

    internal Task<GroupRecord?> RecordAsync(IGrainWithStringKey ledger, InProcessSiloHandle? by = null) =>
        Node(by ?? Silos[0]).Running!.Coordinators.Of(GroupOf(ledger)).ReadAsync(fresh: true);

    internal static GroupId GroupOf(IGrainWithStringKey ledger) => new(ledger.GetGrainId());

    internal static MasterSlaveNode Node(InProcessSiloHandle silo) => silo.ServiceProvider.GetRequiredService<MasterSlaveNode>();

    internal InProcessSiloHandle SiloOf(NodeId node) => Silos.Single(s => Node(s).Hello?.Life.Node == node);

    public async Task<InProcessSiloHandle> MasterOfAsync(ILedger ledger) => SiloOf((await RecordAsync(ledger))!.Master);

    /// <summary>Waits until as many replicas are in sync, as the record tells.</summary>
    internal Task<GroupRecord> InSyncAsync(IGrainWithStringKey ledger, int replicas, InProcessSiloHandle? by = null) => Eventually.GetAsync(
        async () => await RecordAsync(ledger, by) is { } record && record.InSync.Length >= replicas ? record : null,
        $"{replicas} replicas of {ledger.GetGrainId()} in sync");

    /// <summary>Calls a <c>[ReadOnly]</c> method on the replica of one silo.</summary>
    public Task ReadFromAsync(InProcessSiloHandle silo, Func<Task> read) =>
        Client.ServiceProvider.GetRequiredService<IReplicatedGrainDiagnostics>().ReadFromAsync(silo.SiloAddress, async () =>
        {
            await read();
            return true;
        });

    public async Task<IReadOnlyList<T>> ReadEachReplicaAsync<T>(ILedger ledger, Func<Task<T>> read)
    {
        var diagnostics = Client.ServiceProvider.GetRequiredService<IReplicatedGrainDiagnostics>();
        var all = new List<T>();
        foreach (var replica in await diagnostics.GetReplicasAsync(ledger)) all.Add(await diagnostics.ReadFromAsync(replica.Silo!, read));
        return all;
    }

    /// <summary>Waits until every replica of the record, read by itself, holds just these entries.</summary>
    public async Task AllReplicasReadAsync(ILedger ledger, string[] expected)
    {
        var diagnostics = Client.ServiceProvider.GetRequiredService<IReplicatedGrainDiagnostics>();
        string[] seen = [];
        await Eventually.TrueAsync(
            async () =>
            {
                foreach (var replica in await diagnostics.GetReplicasAsync(ledger))
                {
                    seen = await diagnostics.ReadFromAsync(replica.Silo!, ledger.Entries);
                    if (!seen.SequenceEqual(expected)) return false;
                }

                return true;
            },
            $"every replica of {ledger.GetGrainId()} holds {expected.Length} entries");
    }

    /// <summary>The same of these silos, without asking the group store which they are.</summary>
    public Task EachReadsAsync(ILedger ledger, string[] expected, params InProcessSiloHandle[] silos)
    {
        var diagnostics = Client.ServiceProvider.GetRequiredService<IReplicatedGrainDiagnostics>();
        return Eventually.TrueAsync(
            async () =>
            {
                foreach (var silo in silos)
                    if (!(await diagnostics.ReadFromAsync(silo.SiloAddress, ledger.Entries)).SequenceEqual(expected)) return false;
                return true;
            },
            $"{silos.Length} replicas of {ledger.GetGrainId()} hold {expected.Length} entries");
    }

    private Task<object> AllNodesKnownAsync(int silos) => Eventually.GetAsync<object>(
        () => Task.FromResult<object?>(Silos.All(s => Node(s).Running?.Nodes.Nodes().Count == silos) ? this : null), "all silos know each other");

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _returned) await silo.DisposeAsync();
        await _cluster.DisposeAsync();
        _directory.Dispose();
    }
}
