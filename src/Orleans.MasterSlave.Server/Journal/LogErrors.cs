using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>Another process, or another silo in this process, holds the log directory (I2). Stop it, or use another directory.</summary>
internal sealed class LogDirectoryLockedException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>The log directory cannot be created, read or written. Mend its permissions or choose another.</summary>
internal sealed class LogDirectoryAccessException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>Files of another node, or of another group store, are in the log directory (I1, I2). They were copied or restored: put the right directory back.</summary>
internal sealed class LogDirectoryMismatchException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>A file is not one of this library's, or of a version that this version does not know. Upgrade, or choose another directory.</summary>
internal sealed class LogFormatException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>
/// What was once durable can no longer be read (D3). The groups touched are quarantined on this node; others go on, and so do their other replicas.
/// </summary>
internal sealed class LogDamagedException(string message, string file, long offset, GroupId? group, Exception? inner = null)
    : IOException(message, inner)
{
    /// <summary>What every message ends with that names one group.</summary>
    public const string OthersGoOn = "is quarantined on this node; its other replicas go on. What to do: docs/operations.md, Quarantine.";

    /// <summary>The damaged file's path.</summary>
    public string File { get; } = file;

    /// <summary>Where in the file, in bytes, the damage was first seen.</summary>
    public long Offset { get; } = offset;

    /// <summary>The group touched; null when that cannot be told.</summary>
    public GroupId? Group { get; } = group;

    /// <summary>Damage that touches one group.</summary>
    public static LogDamagedException Of(GroupId group, string file, long offset, string what, Exception? inner = null) =>
        new($"'{file}' is damaged at offset {offset}: {what}. Group '{group}' {OthersGoOn}", file, offset, group, inner);
}

/// <summary>The disk, or the system, does not read a file of the log. In a log that is in use that fails the log for good (D2).</summary>
internal sealed class LogReadException(string file, long offset, Exception inner) : IOException($"'{file}' cannot be read at offset {offset}: {inner.Message}", inner)
{
    public string File { get; } = file;

    /// <summary>Where in the file, in bytes, the read began.</summary>
    public long Offset { get; } = offset;
}

/// <summary>Tells errors of reading a file, whatever is wrong with it, from errors of the program.</summary>
internal static class FileErrors
{
    /// <summary>The file is damaged, of another version, another's, not permitted, or the disk does not read: the types above, and the framework's.</summary>
    public static bool IsUnreadable(Exception error) => error is IOException or UnauthorizedAccessException;

    /// <summary>No permission, or the disk does not read; neither damage, nor a version or an owner that is not known.</summary>
    public static bool IsOfDisk(Exception error) => error is UnauthorizedAccessException or LogReadException || error.GetType() == typeof(IOException);

    /// <summary>Reads until the buffer is full or the file ends: the one way in which the log reads its files.</summary>
    /// <exception cref="LogReadException">The disk does not read it.</exception>
    public static int ReadAt(this ILogFile file, Span<byte> to, long offset)
    {
        try
        {
            return file.Read(to, offset);
        }
        catch (Exception ex) when (ex is not LogReadException && IsUnreadable(ex))
        {
            throw new LogReadException(file.Path, offset, ex);
        }
    }
}
