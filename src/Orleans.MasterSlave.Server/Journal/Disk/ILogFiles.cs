namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The few things that the journal asks of a file system. Tests put faults in by decorating it; one implementation forgets what was not synced.
/// </summary>
/// <remarks>Every method throws an <see cref="IOException"/> on failure; none reports success for what did not happen.</remarks>
internal interface ILogFiles
{
    /// <summary>Creates an empty file; it must not exist.</summary>
    ILogFile Create(string path);

    /// <summary>Opens an existing file for reading and writing.</summary>
    ILogFile Open(string path);

    bool Exists(string path);

    /// <summary>Names (not paths) of the files in a directory, in ordinal order; empty when there is no such directory.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>Deletes a file; nothing happens when it is not there.</summary>
    void Delete(string path);

    /// <summary>Renames a file, replacing the target in one step.</summary>
    void Replace(string from, string to);

    void CreateDirectory(string path);

    /// <summary>Makes created, renamed and deleted names of a directory durable (D1).</summary>
    void SyncDirectory(string path);

    /// <summary>Takes a lock that a second process, and a second opener in this process, cannot take; the system frees it when the process dies.</summary>
    /// <exception cref="LogDirectoryLockedException">Someone else holds it.</exception>
    IDisposable Lock(string path);
}

/// <summary>An open file. Not thread safe.</summary>
internal interface ILogFile : IDisposable
{
    string Path { get; }

    long Length { get; }

    /// <summary>Reads until the buffer is full or the file ends; returns the number of bytes read.</summary>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all bytes. They are durable only after <see cref="Sync"/>.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Takes disk space up to a length, so that writes below it cannot find the disk full (D5).</summary>
    /// <exception cref="LogFullException">There is no room.</exception>
    void Reserve(long length);

    /// <summary>Gives back what lies beyond a length.</summary>
    void Truncate(long length);

    /// <summary>Returns only when everything written is on the disk (D1).</summary>
    void Sync();
}
