using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Storage;

public sealed class PostgresClusterTests : StorageClusterContract, IAsyncLifetime
{
    private string _connectionString = "";

    public async ValueTask InitializeAsync() => _connectionString = await PostgresDatabase.ConnectAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override void Configure(ISiloBuilder silo) => silo
        .UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (PostgresDatabase.Invariant, _connectionString))
        .AddAdoNetGrainStorage(
            CounterGrain.StorageName,
            (AdoNetGrainStorageOptions options) => (options.Invariant, options.ConnectionString) = (PostgresDatabase.Invariant, _connectionString));

    protected override void Configure(IClientBuilder client) => client
        .UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (PostgresDatabase.Invariant, _connectionString));
}
