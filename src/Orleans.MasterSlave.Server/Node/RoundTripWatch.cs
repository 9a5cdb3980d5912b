using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Liveness;

namespace Orleans.MasterSlave.Node;

/// <summary>
/// Compares how long heartbeats and their replies take with what the options leave room for. Leases that are too short for the network
/// lapse by themselves, and slaves leave the in-sync set and come back. Thread-safe.
/// </summary>
internal sealed partial class RoundTripWatch(LivenessTimes times, TimeProvider time, ILogger logger)
{
    private const int Window = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);
    private readonly Lock _lock = new();
    private readonly TimeSpan[] _window = new TimeSpan[Window];
    private int _count;
    private long? _warnedAt;

    /// <summary>
    /// Takes one in, and warns when the window is full and its 99th percentile too long; not more often than every ten minutes.
    /// </summary>
    public void Took(TimeSpan roundTrip)
    {
        TimeSpan p99;
        lock (_lock)
        {
            _window[_count++] = roundTrip;
            if (_count < Window) return;
            _count = 0;
            Array.Sort(_window);
            p99 = _window[(Window * 99 / 100) - 1];
            if (p99 <= times.LongestRoundTrip || (_warnedAt is { } at && time.GetElapsedTime(at) < Pause)) return;
            _warnedAt = time.GetTimestamp();
        }

        RoundTripsTooLong(p99, times.LongestRoundTrip, times.LeaseDuration, times.HeartbeatInterval);
    }

    [LoggerMessage(LogLevel.Warning, "One heartbeat in a hundred takes {RoundTrip} or more to another silo and back; LeaseDuration {LeaseDuration} and HeartbeatInterval {HeartbeatInterval} leave room for {Longest}. Slaves will leave the in-sync set and come back: lengthen LeaseDuration, and PromotionWait with it, or find out what is slow.")]
    private partial void RoundTripsTooLong(TimeSpan roundTrip, TimeSpan longest, TimeSpan leaseDuration, TimeSpan heartbeatInterval);
}
