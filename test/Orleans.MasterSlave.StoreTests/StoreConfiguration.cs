using Orleans.MasterSlave.StoreTests.Servers;
using Orleans.MasterSlave.TestKit;

namespace Orleans.MasterSlave.StoreTests;

/// <summary>A store of group records as a user configures it: what stands under <c>Orleans:GrainStorage:MasterSlave</c>, and nothing in code.</summary>
public abstract class StoreConfiguration
{
    /// <summary>The keys and values of the section. Starts the store's server where it has none yet.</summary>
    public abstract Task<Dictionary<string, string?>> SectionAsync(TempDirectory directory);
}

public sealed class SqliteConfiguration : StoreConfiguration
{
    public override Task<Dictionary<string, string?>> SectionAsync(TempDirectory directory) =>
        Task.FromResult(new Dictionary<string, string?> { ["ProviderType"] = "Sqlite", ["Path"] = directory.File("groups.db") });
}

public sealed class PostgresConfiguration : StoreConfiguration
{
    public override async Task<Dictionary<string, string?>> SectionAsync(TempDirectory directory) => new()
    {
        ["ProviderType"] = "AdoNet", ["Invariant"] = PostgresDatabase.Invariant, ["ConnectionString"] = await PostgresDatabase.ConnectAsync(),
    };
}

public sealed class RedisConfiguration : StoreConfiguration
{
    public override async Task<Dictionary<string, string?>> SectionAsync(TempDirectory directory) =>
        new() { ["ProviderType"] = "Redis", ["ConnectionString"] = await RedisServer.ConnectAsync() };
}

public sealed class AzureTablesConfiguration : StoreConfiguration
{
    public override async Task<Dictionary<string, string?>> SectionAsync(TempDirectory directory) =>
        new() { ["ProviderType"] = "AzureTableStorage", ["ConnectionString"] = await AzureStorage.ConnectAsync() };
}

public sealed class AzureBlobsConfiguration : StoreConfiguration
{
    public override async Task<Dictionary<string, string?>> SectionAsync(TempDirectory directory) =>
        new() { ["ProviderType"] = "AzureBlobStorage", ["ConnectionString"] = await AzureStorage.ConnectAsync() };
}
