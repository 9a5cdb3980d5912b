using Microsoft.Extensions.Configuration;
using Orleans.Hosting;
using Orleans.MasterSlave.Sqlite;
using Orleans.Providers;

[assembly: RegisterProvider("Sqlite", "Clustering", "Silo", typeof(SqliteClusteringProvider))]
[assembly: RegisterProvider("Sqlite", "Clustering", "Client", typeof(SqliteClusteringProvider))]
[assembly: RegisterProvider("Sqlite", "GrainStorage", "Silo", typeof(SqliteGrainStorageProvider))]

namespace Orleans.MasterSlave.Sqlite;

/// <summary>
/// <c>Orleans:Clustering</c> with <c>"ProviderType": "Sqlite"</c> in a configuration. Orleans finds this class by the assembly's attribute. The other keys
/// are those of <see cref="SqliteClusteringOptions"/>.
/// </summary>
internal sealed class SqliteClusteringProvider : IProviderBuilder<ISiloBuilder>, IProviderBuilder<IClientBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.UseSqliteClustering(options => configurationSection.Bind(options));

    public void Configure(IClientBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.UseSqliteClustering(options => configurationSection.Bind(options));
}

/// <summary>
/// <c>Orleans:GrainStorage:NAME</c> with <c>"ProviderType": "Sqlite"</c> in a configuration. The other keys are those of
/// <see cref="SqliteGrainStorageOptions"/>.
/// </summary>
internal sealed class SqliteGrainStorageProvider : IProviderBuilder<ISiloBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.AddSqliteGrainStorage(name!, options => configurationSection.Bind(options));
}
