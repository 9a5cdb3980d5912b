using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.MasterSlave.Group;

namespace Orleans.MasterSlave.Diagnostics;

/// <summary>Logs and counts how a silo stands as its node (I2), and passes on that another process is the node.</summary>
internal sealed partial class NodeLeaseEvents(MasterSlaveMetrics metrics, ILogger logger, Action<string> displaced) : INodeLeaseEvents
{
    private bool _failing; // by the loop that renews only

    public void Watching(NodeRecord? row, TimeSpan span) => LogWatching(span, row?.ToString() ?? "missing");

    public void RenewalFailed(Exception error)
    {
        metrics.NodeRenewalFailures.Add(1);
        if (!_failing) LogFailed(error); // until it is held again: one that fails at every try must not fill the log
        _failing = true;
    }

    public void Renewed() => _failing = false;

    public void Lapsed(StoreOutageBehavior outage)
    {
        metrics.NodeLeaseLapses.Add(1);
        if (outage == StoreOutageBehavior.GoOn) LogLapsedGoesOn();
        else LogLapsed();
    }

    public void HeldAgain() => LogHeldAgain();

    public void Displaced(string by)
    {
        metrics.NodesDisplaced.Add(1);
        LogDisplaced(by);
        displaced(by);
    }

    public void StoreWentBack(string what)
    {
        metrics.StoreWentBack.Add(1);
        LogWentBack(what);
    }

    [LoggerMessage(LogLevel.Warning, "It cannot be proved that the node's earlier process is dead: this silo watches the node's row for {Span} before it starts. The row is {Row}.")]
    private partial void LogWatching(TimeSpan span, string row);

    [LoggerMessage(LogLevel.Warning, "The node's row in the group store could not be renewed; it is tried again. Further failures are only counted (masterslave.node-renewal-failures).")]
    private partial void LogFailed(Exception error);

    [LoggerMessage(LogLevel.Error, "The node lease has run out: this silo serves no group of which it holds the only replica in sync, and makes none, until the group store answers.")]
    private partial void LogLapsed();

    [LoggerMessage(LogLevel.Error, "The node lease has run out: while the group store does not answer, this silo serves on, without protection against a copy of its log folder.")]
    private partial void LogLapsedGoesOn();

    [LoggerMessage(LogLevel.Information, "The node lease is held again.")]
    private partial void LogHeldAgain();

    [LoggerMessage(LogLevel.Critical, "Another process is this silo's node now: the node's row is {By}. Every replica here gives up its office for good. One of the two log folders is a copy of the other: stop this silo, and see docs/operations.md, Copies of a log folder.")]
    private partial void LogDisplaced(string by);

    [LoggerMessage(LogLevel.Critical, "The group store is older than it was: for this node, {What}. This silo makes no groups until an operator has looked: see docs/operations.md, Backups.")]
    private partial void LogWentBack(string what);
}
