namespace Orleans.MasterSlave.Sqlite;

/// <summary>Where an SQLite store lives and how long it waits for other processes.</summary>
public abstract class SqliteStoreOptions
{
    /// <summary>The shortest allowed <see cref="BusyTimeout"/>: 1 second.</summary>
    public static readonly TimeSpan MinBusyTimeout = TimeSpan.FromSeconds(1);

    /// <summary>The longest allowed <see cref="BusyTimeout"/>: 60 seconds.</summary>
    public static readonly TimeSpan MaxBusyTimeout = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Gets or sets the path of the SQLite file. Required; no default. A relative path counts from the working directory. The directory must
    /// exist and be writable, on a local disk (not a network share); the file is created when missing. SQLite keeps two more files
    /// beside it (<c>-wal</c>, <c>-shm</c>): copy all three or none. All silos and clients of one cluster use the same file; clustering
    /// and grain storage may share one.
    /// </summary>
    public string Path { get; set; } = "";

    /// <summary>
    /// Gets or sets how long one operation waits for a lock that another process holds, before it fails with
    /// <see cref="SqliteStoreBusyException"/>. Range: 1 s to 60 s. Default: 5 s.
    /// </summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
