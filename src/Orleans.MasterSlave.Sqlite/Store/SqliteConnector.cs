using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Orleans.MasterSlave.Sqlite;

/// <summary>Opens connections that are set up for shared, durable use, and makes sure that the file is ours.</summary>
internal sealed class SqliteConnector(string path, TimeSpan busyTimeout, TimeProvider time)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);

    // No pool of the provider's: it would hand on a connection whose transaction a failed statement left open.
    private readonly string _connectionString = new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = SqliteOpenMode.ReadWriteCreate,
        Pooling = false,
        DefaultTimeout = 1, // the provider sleeps 150 ms at a time: SQLite's own busy handler below does the waiting
    }.ToString();

    public string Path => path;

    /// <exception cref="SqliteStoreException">The file cannot be used; the type and message say why.</exception>
    public SqliteConnection Open()
    {
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                return OpenOnce();
            }
            catch (SqliteException busy) when (busy.SqliteErrorCode is raw.SQLITE_BUSY && time.GetElapsedTime(start) < busyTimeout)
            {
                // Processes that turn one new file to WAL at the same time get "busy" at once, whatever the timeout.
                using var pause = new CancellationTokenSource(RetryPause, time);
                pause.Token.WaitHandle.WaitOne();
            }
            catch (SqliteException error)
            {
                throw SqliteErrors.Translate(error, path);
            }
        }
    }

    private SqliteConnection OpenOnce()
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            connection.Open();
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {(long)busyTimeout.TotalMilliseconds}"));
            if (raw.sqlite3_db_readonly(connection.Handle, "main") == 1)
            {
                throw new SqliteStoreException($"'{path}' is not writable.", path);
            }

            // A foreign file is refused before anything in it is changed, its journal mode included.
            SqliteSchema.Ensure(connection, path);
            var mode = Execute(connection, "PRAGMA journal_mode = WAL");
            if (!string.Equals(mode as string, "wal", StringComparison.OrdinalIgnoreCase))
            {
                throw new SqliteStoreException($"'{path}' cannot use write-ahead logging (mode '{mode}'): is it on a network share?", path);
            }

            Execute(connection, "PRAGMA synchronous = FULL"); // every commit is on the disk before it returns
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static object? Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
