using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Orleans.MasterSlave.Sqlite;

/// <summary>Tells from an SQLite error code which of the store's exceptions the caller gets.</summary>
internal static class SqliteErrors
{
    public static SqliteStoreException Translate(SqliteException error, string path, bool outcomeUnknown = false) => error.SqliteErrorCode switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED when !outcomeUnknown => new SqliteStoreBusyException(
            $"'{path}' stayed locked by another process beyond the busy timeout; nothing was changed.", path, error),
        raw.SQLITE_NOTADB => new SqliteStoreFormatException($"'{path}' is not an SQLite database.", path, error),
        raw.SQLITE_CORRUPT => new SqliteStoreFormatException($"'{path}' is damaged: {error.Message}", path, error, outcomeUnknown),
        raw.SQLITE_CANTOPEN => new SqliteStoreException(
            $"'{path}' cannot be opened: the directory is missing or the process may not read and write it.", path, error, outcomeUnknown),
        raw.SQLITE_READONLY => new SqliteStoreException($"'{path}' is not writable.", path, error, outcomeUnknown),
        raw.SQLITE_FULL => new SqliteStoreException($"The disk of '{path}' is full.", path, error, outcomeUnknown),
        _ => new SqliteStoreException($"SQLite failed on '{path}': {error.Message}", path, error, outcomeUnknown),
    };
}
