using Microsoft.Extensions.DependencyInjection;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave;

/// <summary>
/// Reads back the operations that silos set aside when they returned with more than their successor had (C2). In synchronous mode nobody was ever
/// told that these had happened; in asynchronous mode somebody may have been.
/// </summary>
public static class OrphanedOperations
{
    /// <summary>All orphaned operations in a silo's log directory. Only reads: the silo may be running.</summary>
    /// <param name="logDirectory">A silo's <see cref="Hosting.MasterSlaveOptions.LogDirectory"/>.</param>
    /// <param name="services">Services of a client or silo with <c>AddMasterSlave</c> that knows the grains' interfaces.</param>
    /// <returns>The operations, file by file, in the order of the log.</returns>
    /// <exception cref="IOException">A file cannot be read, or is damaged, or was written by a newer version.</exception>
    public static IReadOnlyList<OrphanedOperation> Read(string logDirectory, IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(logDirectory);
        ArgumentNullException.ThrowIfNull(services);
        var calls = services.GetRequiredService<CallSerializer>();
        return [.. OrphanFile.List(logDirectory).SelectMany(path => ReadFile(path, calls))];
    }

    private static IEnumerable<OrphanedOperation> ReadFile(string path, CallSerializer calls)
    {
        var file = OrphanFile.Read(path);
        foreach (var entry in file.Entries)
        {
            if (entry.Kind != EntryKind.Operation) continue;
            using var request = calls.Deserialize(entry.Payload).Request;
            yield return new OrphanedOperation(
                file.Group.Grain,
                request.GetMethodName(),
                [.. Enumerable.Range(0, request.GetArgumentCount()).Select(request.GetArgument)],
                entry.TimeUtc,
                entry.Epoch.Value,
                entry.Index.Value,
                path);
        }
    }
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
