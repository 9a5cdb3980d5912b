using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Sqlite;
using Orleans.MasterSlave.TestKit;
using Orleans.Storage;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>A node is its directory and its count of starts (I2): a directory that was cloned or restored is found out at the store.</summary>
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
    public async Task Directory_ThatWasCloned_IsRefused_WhicheverOfTheTwoComesSecond()
    {
        await StartAsync("original");
        Copy("original", "clone");
        await StartAsync("clone");
        var refused = await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => StartAsync("original"));
        Assert.Contains("is a copy, or was restored from a backup", refused.Message, StringComparison.Ordinal);

        await StartAsync("clone"); // goes on
    }

    [Fact]
    public async Task Directory_ThatWasRestored_IsRefused_AndTheNewestIsNot()
    {
        await StartAsync("log");
        Copy("log", "backup");
        for (var i = 0; i < 3; i++) await StartAsync("log");
        await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => StartAsync("backup"));
        await StartAsync("log");
    }

    /// <summary>Both have counted the same start in their own directory: the row takes one.</summary>
    [Fact]
    public async Task Start_OfTwoProcessesAtOnce_IsOnesOnly()
    {
        await StartAsync("log");
        Copy("log", "clone");
        using var one = Open("log");
        using var other = Open("clone");
        Assert.Equal(one.Life, other.Life);
        Task[] starts = [Registry.CountStartAsync(one.Life, "log"), Registry.CountStartAsync(other.Life, "clone")];
        await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => Task.WhenAll(starts));
        _ = Assert.Single(starts, s => s.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Probe_OfStorageThatComparesNoETags_IsRefused()
    {
        using var directory = Open("log");
        await Registry.ProbeAsync(directory.NodeId);
        await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => new NodeRegistry(new Careless(), Guid.NewGuid).ProbeAsync(directory.NodeId));
    }

    [Fact]
    public async Task StoreId_IsMadeOnce() => Assert.Equal(await Registry.StoreIdAsync(), await Registry.StoreIdAsync());

    private LogDirectory Open(string name) => LogDirectory.Open(_directory.File(name));

    private async Task StartAsync(string name)
    {
        using var directory = Open(name);
        await Registry.CountStartAsync(directory.Life, name);
    }

    private void Copy(string from, string to)
    {
        Directory.CreateDirectory(_directory.File(to));
        foreach (var file in Directory.EnumerateFiles(_directory.File(from))) File.Copy(file, Path.Combine(_directory.File(to), Path.GetFileName(file)));
    }

    /// <summary>Keeps what it is given, whoever gives it.</summary>
    private sealed class Careless : IGrainStorage
    {
        private readonly Dictionary<GrainId, object?> _rows = [];

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
            _rows.Remove(grainId);
            return Task.CompletedTask;
        }
    }
}
