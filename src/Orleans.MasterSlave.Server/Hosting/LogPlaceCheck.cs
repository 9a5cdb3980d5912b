using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Orleans.Hosting;

/// <summary>
/// Warns of a log directory that is another one when the silo is started elsewhere, whose contents do not outlive the machine, or whose
/// disk is another machine's.
/// </summary>
internal sealed partial class LogPlaceCheck(IOptions<MasterSlaveOptions> options, ILogger<LogPlaceCheck> logger) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        var directory = Path.GetFullPath(options.Value.LogDirectory);
        if (!Path.IsPathFullyQualified(options.Value.LogDirectory)) LogRelative(options.Value.LogDirectory, directory);
        switch (FileSystemOf(directory))
        {
            case "tmpfs" or "ramfs":
                LogInMemory(directory);
                break;
            case { } remote when remote.StartsWith("nfs", StringComparison.Ordinal) || remote is "cifs" or "smbfs" or "smb2":
                LogRemote(directory, remote);
                break;
        }
    }

    /// <summary>Name of the file system on which the directory is, or would be made; null: it cannot be told.</summary>
    internal static string? FileSystemOf(string directory)
    {
        try
        {
            var existing = new DirectoryInfo(directory);
            while (!existing.Exists && existing.Parent is { } parent) existing = parent;
            return new DriveInfo(existing.FullName).DriveFormat;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null; // whatever is wrong with it, opening it says so
        }
    }

    [LoggerMessage(LogLevel.Warning,
        "The log directory '{Directory}' is relative, and is {FullPath} now: started elsewhere, this silo would begin as a new node with an " +
        "empty log. Use a full path.")]
    private partial void LogRelative(string directory, string fullPath);

    [LoggerMessage(LogLevel.Warning,
        "The log directory {Directory} is in memory (tmpfs): with the machine, or the container, this silo's replicas are lost. " +
        "Use a local disk.")]
    private partial void LogInMemory(string directory);

    [LoggerMessage(LogLevel.Warning,
        "The log directory {Directory} is on a network file system ({FileSystem}), which may not keep what it confirmed, nor lock it " +
        "against a second silo. Use a local disk.")]
    private partial void LogRemote(string directory, string fileSystem);
}
