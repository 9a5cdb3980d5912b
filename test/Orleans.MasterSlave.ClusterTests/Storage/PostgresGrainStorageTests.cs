using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;
using Orleans.MasterSlave.TestKit;
using Orleans.Runtime;
using Orleans.Storage;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Storage;

/// <summary>The contract on Orleans' AdoNet provider with our queries, which keep the row at a clear.</summary>
public class PostgresGrainStorageTests : GrainStorageContract, IDisposable
{
    private readonly StorageServices _services = new();

    protected virtual bool DeleteStateOnClear => false;

    protected virtual IStorageHasherPicker? HashPicker => null;

    protected override async Task<IGrainStorage> OpenAsync()
    {
        var options = new AdoNetGrainStorageOptions
        {
            Invariant = PostgresDatabase.Invariant,
            ConnectionString = await PostgresDatabase.ConnectAsync(),
            DeleteStateOnClear = DeleteStateOnClear,
            GrainStorageSerializer = _services.Serializer,
            HashPicker = HashPicker!,
        };
        var cluster = Options.Create(new ClusterOptions { ClusterId = "contract", ServiceId = "contract" });
        var storage = new AdoNetGrainStorage(
            _services.Activators, NullLogger<AdoNetGrainStorage>.Instance, Options.Create(options), cluster, "contract");
        var start = new OneStart();
        storage.Participate(start);
        await start.RunAsync();
        return storage;
    }

    public void Dispose()
    {
        _services.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A silo's life, as far as the provider takes part in it.</summary>
    private sealed class OneStart : ISiloLifecycle
    {
        private ILifecycleObserver? _observer;

        public int HighestCompletedStage => 0;

        public int LowestStoppedStage => int.MaxValue;

        public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
        {
            _observer = observer;
            return new MemoryStream();
        }

        public Task RunAsync() => _observer!.OnStart(CancellationToken.None);
    }
}

/// <summary>The contract where a clear deletes the row.</summary>
public sealed class PostgresGrainStorageWithDeletesTests : PostgresGrainStorageTests
{
    protected override bool DeleteStateOnClear => true;
}

/// <summary>The contract where all grains have the same hash: only the whole id tells them apart.</summary>
public sealed class PostgresGrainStorageWithCollidingHashesTests : PostgresGrainStorageTests
{
    protected override IStorageHasherPicker HashPicker => new StorageHasherPicker([new SameForAll()]);

    private sealed class SameForAll : IHasher
    {
        public string Description => "the worst hash";

        public int Hash(byte[] data) => 1;
    }
}

public sealed class PostgresSchemaTests
{
    [Fact]
    public async Task Script_WhenRunAgainByManyAtOnce_Succeeds()
    {
        await using var source = NpgsqlDataSource.Create(await PostgresDatabase.ConnectAsync());

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await using var command = source.CreateCommand(PostgreSqlSchema.Script);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }));
    }
}
