using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;

namespace Orleans.MasterSlave.Node;

/// <summary>
/// Notices a log that hangs in a write or sync without an error. Nothing is lost by it, and nothing gets done either: so the silo's heartbeats are no
/// sign of life until the disk goes on (L1), and slaves elsewhere take over. Used by the heartbeat loop.
/// </summary>
internal sealed partial class LogWatch(WriteAheadLog log, NodeLiveness liveness, TimeSpan limit, ILogger logger)
{
    private bool _hangs;

    public void Look()
    {
        var busy = log.BusyFor;
        var hangs = busy > limit;
        if (hangs == _hangs) return;
        _hangs = hangs;
        liveness.LogHangs(hangs);
        if (hangs) LogHangs(busy);
        else LogGoesOn();
    }

    [LoggerMessage(LogLevel.Critical, "The log of this silo has hung in one write for {Busy}: slaves elsewhere may take over. Look at the disk.")]
    private partial void LogHangs(TimeSpan busy);

    [LoggerMessage(LogLevel.Warning, "The log of this silo goes on.")]
    private partial void LogGoesOn();
}
