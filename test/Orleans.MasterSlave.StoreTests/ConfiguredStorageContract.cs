using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.MasterSlave.TestKit;
using Orleans.Runtime;
using Orleans.Storage;
using Xunit;

namespace Orleans.MasterSlave.StoreTests;

/// <summary>The storage contract on the provider that the configuration names, with the options that a silo would give it.</summary>
public abstract class ConfiguredStorageContract<TStore> : GrainStorageContract, IAsyncDisposable
    where TStore : StoreConfiguration, new()
{
    private readonly TempDirectory _directory = new();
    private readonly List<IHost> _hosts = [];
    private ConfiguredHosts? _configured;

    protected override async Task<IGrainStorage> OpenAsync()
    {
        _configured ??= new ConfiguredHosts(_directory, await new TStore().SectionAsync(_directory));
        var host = _configured.Silo($"silo{_hosts.Count}");
        _hosts.Add(host);
        var storage = host.Services.GetRequiredKeyedService<IGrainStorage>("MasterSlave");
        var start = new OneStart();
        (storage as ILifecycleParticipant<ISiloLifecycle>)?.Participate(start);
        await start.RunAsync();
        return storage;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts) await ((IAsyncDisposable)host).DisposeAsync();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A silo's life, as far as the provider takes part in it.</summary>
    private sealed class OneStart : ISiloLifecycle
    {
        private readonly List<ILifecycleObserver> _observers = [];

        public int HighestCompletedStage => 0;

        public int LowestStoppedStage => int.MaxValue;

        public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
        {
            _observers.Add(observer);
            return new MemoryStream();
        }

        public async Task RunAsync()
        {
            foreach (var observer in _observers) await observer.OnStart(TestContext.Current.CancellationToken);
        }
    }
}

public sealed class SqliteStorageTests : ConfiguredStorageContract<SqliteConfiguration>;

public sealed class PostgresStorageTests : ConfiguredStorageContract<PostgresConfiguration>;

public sealed class RedisStorageTests : ConfiguredStorageContract<RedisConfiguration>;

public sealed class AzureTablesStorageTests : ConfiguredStorageContract<AzureTablesConfiguration>
{
    protected override bool SaysThatARowIsMissing => false;
}

public sealed class AzureBlobsStorageTests : ConfiguredStorageContract<AzureBlobsConfiguration>;
