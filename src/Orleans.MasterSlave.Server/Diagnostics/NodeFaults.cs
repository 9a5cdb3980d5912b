using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Orleans.MasterSlave.Diagnostics;

/// <summary>
/// Exceptions that a loop of the node did not expect. Each kind is logged once, so that one that comes back at every turn does not fill
/// the log; all are counted. Thread-safe.
/// </summary>
internal sealed partial class NodeFaults(MasterSlaveMetrics metrics, ILogger logger)
{
    private const int MostKinds = 200; // beyond it they are only counted

    private readonly ConcurrentDictionary<(string Step, Type Kind), bool> _logged = new();

    /// <summary>Does one step of a loop. What it throws is reported, and the loop goes on.</summary>
    public void Guard(string step, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e)
        {
            Report(step, e);
        }
    }

    public void Report(string step, Exception error)
    {
        metrics.UnexpectedErrors.Add(1);
        if (_logged.Count < MostKinds && _logged.TryAdd((step, error.GetType()), true)) LogUnexpected(error, step, error.GetType());
    }

    [LoggerMessage(LogLevel.Error, "Unexpected error while {Step}; the silo goes on. Further {Kind} there are only counted (masterslave.unexpected-errors).")]
    private partial void LogUnexpected(Exception error, string step, Type kind);
}
