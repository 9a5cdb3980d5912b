using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Configuration.Overrides;
using Orleans.Messaging;
using Orleans.Runtime.Hosting;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Orleans.MasterSlave.Sqlite;

/// <summary>What the hosting extensions add to the services. A second call only adds its configuration.</summary>
internal static class SqliteServices
{
    public static void AddClustering(IServiceCollection services, Action<SqliteClusteringOptions> configure, bool silo)
    {
        services.Configure(configure);
        if (!AddStore<SqliteClusteringOptions>(services, Options.DefaultName, "SQLite clustering"))
        {
            return;
        }

        if (silo)
        {
            services.AddSingleton<IMembershipTable, SqliteMembershipTable>();
        }
        else
        {
            services.AddSingleton<IGatewayListProvider, SqliteGatewayListProvider>();
        }
    }

    public static void AddGrainStorage(IServiceCollection services, string name, Action<SqliteGrainStorageOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        services.Configure(name, configure);
        if (!AddStore<SqliteGrainStorageOptions>(services, name, $"SQLite grain storage '{name}'"))
        {
            return;
        }

        services.TryAddEnumerable(ServiceDescriptor.Transient<
            IPostConfigureOptions<SqliteGrainStorageOptions>, DefaultStorageProviderSerializerOptionsConfigurator<SqliteGrainStorageOptions>>());
        services.ConfigureNamedOptionForLogging<SqliteGrainStorageOptions>(name);
        services.AddGrainStorage(name, CreateGrainStorage);
    }

    private static SqliteGrainStorage CreateGrainStorage(IServiceProvider services, string name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<SqliteGrainStorageOptions>>().Get(name);
        return new SqliteGrainStorage(
            name,
            services.GetProviderClusterOptions(name).Value.ServiceId,
            services.GetRequiredService<SqliteStores>().Get(options),
            options.GrainStorageSerializer,
            services.GetRequiredService<IActivatorProvider>());
    }

    /// <returns>Whether this is the first call for these options.</returns>
    private static bool AddStore<TOptions>(IServiceCollection services, string name, string what)
        where TOptions : SqliteStoreOptions
    {
        if (services.Any(service => service.ServiceType == typeof(SqliteStoreValidator<TOptions>) && name.Equals(service.ServiceKey)))
        {
            return false;
        }

        services.TryAddSingleton(static provider => new SqliteStores(provider.GetRequiredService<TimeProvider>()));
        services.AddKeyedSingleton(name, (provider, _) => new SqliteStoreValidator<TOptions>(provider, name, what));
        services.AddSingleton<IConfigurationValidator>(provider => provider.GetRequiredKeyedService<SqliteStoreValidator<TOptions>>(name));
        return true;
    }
}
