using Microsoft.Extensions.DependencyInjection;
using Orleans.MasterSlave.Sqlite;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Orleans.MasterSlave.TestKit;

/// <summary>What a storage provider needs from Orleans, without a silo.</summary>
public sealed class StorageServices : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    public StorageServices() => Serializer = new OrleansGrainStorageSerializer(_services.GetRequiredService<Serializer>());

    public IGrainStorageSerializer Serializer { get; }

    public IActivatorProvider Activators => _services.GetRequiredService<IActivatorProvider>();

    internal IGrainStorage Sqlite(SqliteStore store) => new SqliteGrainStorage("contract", "service", store, Serializer, Activators);

    public void Dispose() => _services.Dispose();
}
