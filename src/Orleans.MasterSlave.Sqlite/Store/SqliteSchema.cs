using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Orleans.MasterSlave.Sqlite;

/// <summary>
/// The tables of a store. The file header carries who owns it (<c>application_id</c>) and the version of its tables (<c>user_version</c>).
/// </summary>
internal static class SqliteSchema
{
    /// <summary>"OrMS": marks a file as ours.</summary>
    public const int ApplicationId = 0x4F724D53;

    /// <summary>Version of the tables below; goes up with every change to them.</summary>
    public const int Version = 1;

    // One sequence gives every ETag of the file: a value never comes back, also not for a row that was deleted and inserted again,
    // so a late writer with an old ETag cannot hit the new row.
    private const string CreateVersion1 = """
        CREATE TABLE etag_sequence (id INTEGER PRIMARY KEY CHECK (id = 1), last INTEGER NOT NULL);
        INSERT INTO etag_sequence (id, last) VALUES (1, 0);
        CREATE TABLE membership_version (
            cluster_id TEXT NOT NULL PRIMARY KEY,
            version    INTEGER NOT NULL,
            etag       INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE membership (
            cluster_id    TEXT NOT NULL,
            silo          TEXT NOT NULL,
            etag          INTEGER NOT NULL,
            status        INTEGER NOT NULL,
            suspect_times TEXT NULL,
            proxy_port    INTEGER NOT NULL,
            host_name     TEXT NULL,
            silo_name     TEXT NULL,
            role_name     TEXT NULL,
            update_zone   INTEGER NOT NULL,
            fault_zone    INTEGER NOT NULL,
            start_time    INTEGER NOT NULL,
            alive_time    INTEGER NOT NULL,
            PRIMARY KEY (cluster_id, silo)
        ) WITHOUT ROWID;
        CREATE TABLE grain_state (
            service_id TEXT NOT NULL,
            state_name TEXT NOT NULL,
            grain_id   TEXT NOT NULL,
            etag       INTEGER NOT NULL,
            payload    BLOB NOT NULL,
            PRIMARY KEY (service_id, state_name, grain_id)
        );
        """;

    /// <summary>Creates the tables in a new file; checks an existing file. Takes the write lock only when something is amiss or missing.</summary>
    public static void Ensure(SqliteConnection connection, string path)
    {
        if (IsCurrent(connection, null))
        {
            return;
        }

        // Another process may be creating the tables just now: only under the lock do the numbers belong together.
        using var transaction = connection.BeginTransaction(deferred: false);
        if (!IsCurrent(connection, transaction))
        {
            RequireEmpty(connection, transaction, path);
            Execute(connection, transaction, CreateVersion1);
            Execute(connection, transaction, $"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version};");
        }

        transaction.Commit();
    }

    private static bool IsCurrent(SqliteConnection connection, SqliteTransaction? transaction)
        => ReadNumber(connection, transaction, "PRAGMA application_id") == ApplicationId
            && ReadNumber(connection, transaction, "PRAGMA user_version") == Version;

    private static void RequireEmpty(SqliteConnection connection, SqliteTransaction transaction, string path)
    {
        var application = ReadNumber(connection, transaction, "PRAGMA application_id");
        var version = ReadNumber(connection, transaction, "PRAGMA user_version");
        if (application == ApplicationId && version > Version)
        {
            throw new SqliteSchemaVersionException(path, version, Version);
        }

        if (application != 0 || version != 0 || ReadNumber(connection, transaction, "SELECT count(*) FROM sqlite_schema") != 0)
        {
            throw new SqliteStoreFormatException($"'{path}' is an SQLite database of another application.", path);
        }
    }

    private static int ReadNumber(SqliteConnection connection, SqliteTransaction? transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static void Execute(SqliteConnection connection, SqliteTransaction transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
