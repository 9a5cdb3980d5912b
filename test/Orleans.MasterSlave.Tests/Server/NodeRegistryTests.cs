using System.Collections.Concurrent;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Sqlite;
using Orleans.MasterSlave.TestKit;
using Orleans.Storage;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>What the group store knows of itself, and that it is fit for the task (I1).</summary>
public sealed class NodeRegistryTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly StorageServices _services = new();
    private readonly SqliteStore _store;

    public NodeRegistryTests() => _store = new SqliteStore(_directory.File("store.db"), TimeSpan.FromSeconds(20), TimeProvider.System);

    public void Dispose()
    {
        _store.Dispose();
        _services.Dispose();
        _directory.Dispose();
    }

    private NodeRegistry Registry => new(_services.Sqlite(_store), Guid.NewGuid);

    [Fact]
    public async Task Probe_OfStorageThatComparesNoETags_IsRefused()
    {
        await Registry.ProbeAsync();
        await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => new NodeRegistry(new Careless(), Guid.NewGuid).ProbeAsync());
    }

    [Fact]
    public async Task StoreId_IsMadeOnce() => Assert.Equal(await Registry.StoreIdAsync(), await Registry.StoreIdAsync());

    /// <summary>Keeps what it is given, whoever gives it.</summary>
    private sealed class Careless : IGrainStorage
    {
        private readonly ConcurrentDictionary<GrainId, object?> _rows = [];

        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            if (_rows.TryGetValue(grainId, out var row)) (grainState.State, grainState.RecordExists, grainState.ETag) = ((T)row!, true, "*");
            return Task.CompletedTask;
        }

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            _rows[grainId] = grainState.State;
            (grainState.RecordExists, grainState.ETag) = (true, "*");
            return Task.CompletedTask;
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            _rows.TryRemove(grainId, out _);
            return Task.CompletedTask;
        }
    }
}
