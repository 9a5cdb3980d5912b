using Orleans.MasterSlave.Sqlite;

namespace Orleans.Hosting;

/// <summary>Lets a client on the same machine find the gateways of a cluster that keeps its membership in an SQLite file.</summary>
/// <remarks>
/// Each method may be called more than once; later calls only add their configuration. Errors are reported at start-up as for a silo:
/// see <see cref="SqliteSiloBuilderExtensions"/>.
/// </remarks>
public static class SqliteClientBuilderExtensions
{
    /// <summary>Reads the gateways from the SQLite file at <paramref name="path"/>.</summary>
    /// <param name="builder">The client builder.</param>
    /// <param name="path">The silos' file. See <see cref="SqliteStoreOptions.Path"/>.</param>
    /// <returns>The same builder.</returns>
    public static IClientBuilder UseSqliteClustering(this IClientBuilder builder, string path)
        => builder.UseSqliteClustering(options => options.Path = path);

    /// <summary>Reads the gateways from an SQLite file.</summary>
    /// <param name="builder">The client builder.</param>
    /// <param name="configure">Sets the options; <see cref="SqliteStoreOptions.Path"/> is required.</param>
    /// <returns>The same builder.</returns>
    public static IClientBuilder UseSqliteClustering(this IClientBuilder builder, Action<SqliteClusteringOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        SqliteServices.AddClustering(builder.Services, configure, silo: false);
        return builder;
    }
}
