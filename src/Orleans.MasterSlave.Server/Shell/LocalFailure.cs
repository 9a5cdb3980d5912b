using System.Reflection;

namespace Orleans.MasterSlave.Shell;

/// <summary>
/// What may go wrong on one silo though the operation is all right: memory, and code that is not there. It is never an answer, for the
/// other replicas may have executed the operation to its end: the replica where it happens stops alone (W5).
/// </summary>
internal static class LocalFailure
{
    public static bool Is(Exception error) => error switch
    {
        OutOfMemoryException or InsufficientExecutionStackException => true,
        TypeLoadException or MissingMemberException or BadImageFormatException or FileLoadException or InvalidProgramException => true,
        FileNotFoundException { FileName: { } name } => name.Contains(", Version=", StringComparison.Ordinal), // an assembly; an author's own is an answer
        TypeInitializationException or TargetInvocationException => error.InnerException is { } inner && Is(inner),
        AggregateException several => several.InnerExceptions.Any(Is),
        _ => false,
    };
}

/// <summary>An operation could not be executed on this silo, and perhaps on others: nothing here may answer it.</summary>
internal sealed class LocalFailureException(string message, Exception inner) : Exception(message, inner);
