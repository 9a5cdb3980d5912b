using Npgsql;
using Xunit;

namespace Orleans.MasterSlave.TestKit;

/// <summary>
/// The PostgreSQL that tests use, with the product's tables: the one of <c>MASTERSLAVE_POSTGRES</c> (a connection string), else a private
/// server, started once per test process. Where neither is to be had a test is skipped; with <c>CI=true</c> it fails.
/// </summary>
public static class PostgresDatabase
{
    public const string Invariant = "Npgsql";

    public const string Missing = "No PostgreSQL: set MASTERSLAVE_POSTGRES, or install the server (apt-get install postgresql).";

    private static readonly Lazy<Task<string?>> _connectionString = new(StartAsync);

    /// <exception cref="Exception">Marks the test as skipped, or failed.</exception>
    public static async Task<string> ConnectAsync()
    {
        var connectionString = await _connectionString.Value;
        if (connectionString is null)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", Missing);
            Assert.Fail(Missing);
        }

        return connectionString;
    }

    /// <summary>For programs that are no tests.</summary>
    /// <returns>The connection string; null when there is no server to be had.</returns>
    public static Task<string?> TryConnectAsync() => _connectionString.Value;

    private static async Task<string?> StartAsync()
    {
        var connectionString = Environment.GetEnvironmentVariable("MASTERSLAVE_POSTGRES");
        if (string.IsNullOrEmpty(connectionString))
        {
            if (PostgresServer.FindBinaries() is not { } binaries)
            {
                return null;
            }

            connectionString = await PostgresServer.StartAsync(binaries);
        }

        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(PostgreSqlSchema.Script);
        await command.ExecuteNonQueryAsync();
        return connectionString;
    }
}
