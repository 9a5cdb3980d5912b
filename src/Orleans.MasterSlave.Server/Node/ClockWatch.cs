using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Liveness;

namespace Orleans.MasterSlave.Node;

/// <summary>
/// Compares this silo's wall clock with those of the silos that are heard, and says once that they differ, and once that they agree again
/// (W9). Used by the heartbeat loop.
/// </summary>
internal sealed partial class ClockWatch(NodeLiveness liveness, NodeClock clock, ILogger logger)
{
    /// <summary>In a row, before a doubt ends: clocks that drift across the tolerance would fill the log otherwise.</summary>
    private const int LooksToTrust = 50;
    private bool _doubted;
    private int _agreed;

    public void Look()
    {
        var offsets = liveness.PeerClockOffsets;
        var doubt = clock.Compare(offsets);
        if (doubt is { } offset)
        {
            _agreed = 0;
            if (_doubted) return;
            _doubted = true;
            LogDoubted(offset);
        }
        else if (_doubted && offsets.Count > 0 && ++_agreed == LooksToTrust)
        {
            // Who hears nobody learns nothing of clocks: the doubt stays.
            _doubted = false;
            _agreed = 0;
            LogTrusted(offsets.MaxBy(o => o.Duration()));
        }
    }

    [LoggerMessage(LogLevel.Warning, "The clocks of other silos are {Offset} from this silo's. Put the wrong one right: operations see it as UtcNow. Of three and more, the middle one is taken meanwhile.")]
    private partial void LogDoubted(TimeSpan offset);

    [LoggerMessage(LogLevel.Information, "This silo's clock agrees with the others' again; the farthest one is {Offset} from it.")]
    private partial void LogTrusted(TimeSpan offset);
}
