using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Sqlite;

/// <summary>
/// Checks the options and opens the file once at start-up, so that a wrong path is reported before the silo or client does anything.
/// The file is touched through SQLite only: opening it otherwise would drop the locks that this process holds on it.
/// </summary>
internal sealed class SqliteStoreValidator<TOptions>(IServiceProvider services, string name, string what) : IConfigurationValidator
    where TOptions : SqliteStoreOptions
{
    public void ValidateConfiguration()
    {
        var options = services.GetRequiredService<IOptionsMonitor<TOptions>>().Get(name);
        var path = options.Path;
        Require(!string.IsNullOrWhiteSpace(path), $"{nameof(options.Path)} is not set: give the path of the SQLite file");
        Require(!path.StartsWith(':') && !path.StartsWith("file:", StringComparison.OrdinalIgnoreCase),
            $"{nameof(options.Path)} '{path}' is no file path: other processes must be able to open it, and it must outlive this one");
        Require(options.BusyTimeout >= SqliteStoreOptions.MinBusyTimeout && options.BusyTimeout <= SqliteStoreOptions.MaxBusyTimeout,
            $"{nameof(options.BusyTimeout)} is {options.BusyTimeout}; allowed are {SqliteStoreOptions.MinBusyTimeout} to {SqliteStoreOptions.MaxBusyTimeout}");
        path = Path.GetFullPath(path);
        Require(!Directory.Exists(path), $"{nameof(options.Path)} '{path}' is a directory: give the path of the SQLite file");
        Require(Directory.Exists(Path.GetDirectoryName(path)), $"the directory of {nameof(options.Path)} '{path}' does not exist");
        try
        {
            services.GetRequiredService<SqliteStores>().Get(options).Initialize();
        }
        catch (SqliteStoreException error) when (error.GetType() == typeof(SqliteStoreException))
        {
            throw new OrleansConfigurationException($"{what}: {error.Message}", error);
        }
    }

    private void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new OrleansConfigurationException($"{what}: {problem}.");
        }
    }
}
