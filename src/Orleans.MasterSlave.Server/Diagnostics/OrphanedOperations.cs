using Microsoft.Extensions.DependencyInjection;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave;

/// <summary>
/// Reads back the operations that silos set aside when they returned with more than their successor had. In synchronous mode nobody was ever
/// told that these had happened; in asynchronous mode somebody may have been.
/// </summary>
public static class OrphanedOperations
{
    /// <summary>
    /// All orphaned operations in a silo's log directory. Only reads: the silo may be running. A file, or an operation, that cannot be read stops nothing: it is
    /// told beside the others (<see cref="OrphanReading.Unread"/>), and whoever must know all has to look there.
    /// </summary>
    /// <param name="logDirectory">A silo's <see cref="Hosting.MasterSlaveOptions.LogDirectory"/>.</param>
    /// <param name="services">Services of a client or silo with <c>AddMasterSlave</c> that knows the grains' interfaces.</param>
    /// <returns>The operations, file by file, in the order of the log, and what could not be read.</returns>
    /// <exception cref="UnauthorizedAccessException">The folder may not be read.</exception>
    public static OrphanReading Read(string logDirectory, IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(logDirectory);
        ArgumentNullException.ThrowIfNull(services);
        var calls = services.GetRequiredService<CallSerializer>();
        using var files = new ReadOnlyFiles();
        List<OrphanedOperation> operations = [];
        List<UnreadOrphans> unread = [];
        foreach (var path in OrphanFile.List(logDirectory, files))
        {
            try
            {
                ReadOperations(path, OrphanFile.Read(path, files), calls, operations, unread);
            }
            catch (Exception ex) when (FileErrors.IsUnreadable(ex))
            {
                unread.Add(new UnreadOrphans(path, null, ex));
            }
        }

        return new OrphanReading(operations, unread);
    }

    private static void ReadOperations(string path, OrphanFile file, CallSerializer calls, List<OrphanedOperation> operations, List<UnreadOrphans> unread)
    {
        foreach (var entry in file.Entries)
        {
            if (entry.Kind != EntryKind.Operation) continue;
            try
            {
                using var request = calls.Deserialize(entry.Payload).Request;
                operations.Add(new OrphanedOperation(
                    file.Group.Grain,
                    request.GetMethodName(),
                    [.. Enumerable.Range(0, request.GetArgumentCount()).Select(request.GetArgument)],
                    entry.TimeUtc,
                    entry.Epoch.Value,
                    entry.Index.Value,
                    path));
            }
            catch (Exception ex)
            {
                // The user's own types take part, and may throw whatever they like; or they are not at hand.
                unread.Add(new UnreadOrphans(path, entry.Index.Value, ex));
            }
        }
    }
}

/// <summary>What was found in the orphan files of a log directory.</summary>
public sealed class OrphanReading
{
    internal OrphanReading(IReadOnlyList<OrphanedOperation> operations, IReadOnlyList<UnreadOrphans> unread) => (Operations, Unread) = (operations, unread);

    /// <summary>The operations that could be read, file by file, in the order of the log.</summary>
    public IReadOnlyList<OrphanedOperation> Operations { get; }

    /// <summary>What could not be read; empty when <see cref="Operations"/> are all.</summary>
    public IReadOnlyList<UnreadOrphans> Unread { get; }
}

/// <summary>An orphan file, or one operation in it, that could not be read.</summary>
public sealed class UnreadOrphans
{
    internal UnreadOrphans(string file, long? index, Exception reason) => (File, Index, Reason) = (file, index, reason);

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>The operation's number in the group's log; null: the whole file, which is damaged, may not be read, or was written by a newer version.</summary>
    public long? Index { get; }

    /// <summary>Why: for a file an <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>, for an operation what reading the call threw.</summary>
    public Exception Reason { get; }
}

/// <summary>An operation that a replica had and its group has not.</summary>
/// <param name="Grain">The replicated grain.</param>
/// <param name="Method">Name of the method that was called.</param>
/// <param name="Arguments">The arguments of the call.</param>
/// <param name="TimeUtc">The operation's time, by the master that took it.</param>
/// <param name="Epoch">The mastership in which it was taken.</param>
/// <param name="Index">Its number in the group's log.</param>
/// <param name="File">The file that holds it.</param>
public sealed record OrphanedOperation(
    GrainId Grain, string Method, IReadOnlyList<object?> Arguments, DateTime TimeUtc, long Epoch, long Index, string File);
