using Orleans.MasterSlave.Sqlite;
using Orleans.Providers;

namespace Orleans.Hosting;

/// <summary>Puts the silo's membership and grain states into an SQLite file: for several silo processes on one machine.</summary>
/// <remarks>
/// Each method may be called more than once; later calls only add their configuration. Wrong options, a missing directory and an
/// unwritable file are reported at start-up as <see cref="Runtime.OrleansConfigurationException"/>; a foreign or damaged file as
/// <see cref="SqliteStoreFormatException"/>; a newer one as <see cref="SqliteSchemaVersionException"/>.
/// </remarks>
public static class SqliteSiloBuilderExtensions
{
    /// <summary>Keeps cluster membership in the SQLite file at <paramref name="path"/>.</summary>
    /// <param name="builder">The silo builder.</param>
    /// <param name="path">See <see cref="SqliteStoreOptions.Path"/>.</param>
    /// <returns>The same builder.</returns>
    public static ISiloBuilder UseSqliteClustering(this ISiloBuilder builder, string path)
        => builder.UseSqliteClustering(options => options.Path = path);

    /// <summary>Keeps cluster membership in an SQLite file.</summary>
    /// <param name="builder">The silo builder.</param>
    /// <param name="configure">Sets the options; <see cref="SqliteStoreOptions.Path"/> is required.</param>
    /// <returns>The same builder.</returns>
    public static ISiloBuilder UseSqliteClustering(this ISiloBuilder builder, Action<SqliteClusteringOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        SqliteServices.AddClustering(builder.Services, configure, silo: true);
        return builder;
    }

    /// <summary>Adds a grain storage provider on the SQLite file at <paramref name="path"/>.</summary>
    /// <param name="builder">The silo builder.</param>
    /// <param name="name">The provider's name, as grains and options refer to it.</param>
    /// <param name="path">See <see cref="SqliteStoreOptions.Path"/>.</param>
    /// <returns>The same builder.</returns>
    public static ISiloBuilder AddSqliteGrainStorage(this ISiloBuilder builder, string name, string path)
        => builder.AddSqliteGrainStorage(name, options => options.Path = path);

    /// <summary>
    /// Adds a grain storage provider on SQLite. ETags are honoured strictly: a write without one only inserts, a write or clear with one only
    /// touches the row that still has it, anything else ends in <see cref="Storage.InconsistentStateException"/>. A clear deletes the row. A
    /// completed write is on the disk.
    /// </summary>
    /// <param name="builder">The silo builder.</param>
    /// <param name="name">The provider's name, as grains and options refer to it.</param>
    /// <param name="configure">Sets the options; <see cref="SqliteStoreOptions.Path"/> is required.</param>
    /// <returns>The same builder.</returns>
    public static ISiloBuilder AddSqliteGrainStorage(this ISiloBuilder builder, string name, Action<SqliteGrainStorageOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        SqliteServices.AddGrainStorage(builder.Services, name, configure);
        return builder;
    }

    /// <summary>Makes the SQLite file at <paramref name="path"/> the default grain storage.</summary>
    /// <param name="builder">The silo builder.</param>
    /// <param name="path">See <see cref="SqliteStoreOptions.Path"/>.</param>
    /// <returns>The same builder.</returns>
    public static ISiloBuilder AddSqliteGrainStorageAsDefault(this ISiloBuilder builder, string path)
        => builder.AddSqliteGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, path);

    /// <summary>Makes an SQLite file the default grain storage.</summary>
    /// <param name="builder">The silo builder.</param>
    /// <param name="configure">Sets the options; <see cref="SqliteStoreOptions.Path"/> is required.</param>
    /// <returns>The same builder.</returns>
    public static ISiloBuilder AddSqliteGrainStorageAsDefault(this ISiloBuilder builder, Action<SqliteGrainStorageOptions> configure)
        => builder.AddSqliteGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configure);
}
