namespace Orleans.MasterSlave.Sqlite;

/// <summary>
/// The SQLite file could not be read or written: disk full, no permission, I/O error, or the file is gone.
/// </summary>
/// <remarks>
/// Of the kinds of failure this is the general one: look at the message and mend the cause. A write that ended with exactly this type has an
/// <b>unknown outcome</b> when <see cref="OutcomeUnknown"/> is <see langword="true"/>: it may be in the file or not, so read before the
/// next attempt. Otherwise nothing was changed.
/// </remarks>
[GenerateSerializer, Alias("Orleans.MasterSlave.Sqlite.SqliteStoreException")]
public class SqliteStoreException : Exception
{
    internal SqliteStoreException(string message, string path, Exception? innerException = null, bool outcomeUnknown = false)
        : base(message, innerException)
    {
        Path = path;
        OutcomeUnknown = outcomeUnknown;
    }

    /// <summary>Full path of the SQLite file.</summary>
    [Id(0)]
    public string Path { get; private set; }

    /// <summary>Whether a write may have taken effect although it failed. <see langword="false"/>: it certainly did not.</summary>
    [Id(1)]
    public bool OutcomeUnknown { get; private set; }
}

/// <summary>
/// Another process kept the SQLite file locked for longer than <see cref="SqliteStoreOptions.BusyTimeout"/>, or more writes were waiting
/// than the store queues (4096). <b>Nothing was changed</b>: try again later. When it goes on, look for a process that was stopped (SIGSTOP,
/// debugger) while it held the lock, and continue or kill it.
/// </summary>
[GenerateSerializer, Alias("Orleans.MasterSlave.Sqlite.SqliteStoreBusyException")]
public sealed class SqliteStoreBusyException : SqliteStoreException
{
    internal SqliteStoreBusyException(string message, string path, Exception? innerException = null) : base(message, path, innerException)
    {
    }
}

/// <summary>
/// The file is not a store of this library: it is damaged, no SQLite database, or it belongs to another application.
/// Nothing was changed. Point the options at another file, or restore this one.
/// </summary>
[GenerateSerializer, Alias("Orleans.MasterSlave.Sqlite.SqliteStoreFormatException")]
public sealed class SqliteStoreFormatException : SqliteStoreException
{
    internal SqliteStoreFormatException(string message, string path, Exception? innerException = null, bool outcomeUnknown = false)
        : base(message, path, innerException, outcomeUnknown)
    {
    }
}

/// <summary>
/// The file was written by a newer version of this library, with a schema that this version does not know. Nothing was changed.
/// Run a version that knows it on all processes that share the file.
/// </summary>
[GenerateSerializer, Alias("Orleans.MasterSlave.Sqlite.SqliteSchemaVersionException")]
public sealed class SqliteSchemaVersionException : SqliteStoreException
{
    internal SqliteSchemaVersionException(string path, int foundVersion, int supportedVersion)
        : base($"'{path}' has schema version {foundVersion}; this version of Orleans.MasterSlave.Sqlite knows versions up to {supportedVersion}. "
            + "Run a newer version of the library, or use another file.", path)
    {
        FoundVersion = foundVersion;
        SupportedVersion = supportedVersion;
    }

    /// <summary>Schema version of the file.</summary>
    [Id(0)]
    public int FoundVersion { get; private set; }

    /// <summary>Highest schema version that this library reads and writes.</summary>
    [Id(1)]
    public int SupportedVersion { get; private set; }
}
