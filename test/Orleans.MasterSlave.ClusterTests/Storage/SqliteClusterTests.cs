using Orleans.Hosting;
using Orleans.MasterSlave.TestKit;

namespace Orleans.MasterSlave.ClusterTests.Storage;

public sealed class SqliteClusterTests : StorageClusterContract, IDisposable
{
    private readonly TempDirectory _directory = new();

    protected override void Configure(ISiloBuilder silo)
        => silo.UseSqliteClustering(_directory.File("cluster.db")).AddSqliteGrainStorage(CounterGrain.StorageName, _directory.File("cluster.db"));

    protected override void Configure(IClientBuilder client) => client.UseSqliteClustering(_directory.File("cluster.db"));

    public void Dispose() => _directory.Dispose();
}
