using Microsoft.Extensions.Logging;

namespace Orleans.MasterSlave.Routing;

/// <summary>The direct way to one replica, as far as it is known. Timestamps of the clock; zero: never.</summary>
internal sealed class DirectWay
{
    /// <summary>It was silent while a relay was answered: until a ping comes through, or an answer.</summary>
    public bool IsSilent { get; set; }
    public long NextPing { get; set; }
    public long Proved { get; set; }
}

/// <summary>The direct ways to the replicas of one group. Thread-safe; empty as long as all is well.</summary>
internal sealed class GroupPath
{
    private const int Most = 16;
    private readonly Lock _gate = new();
    private Dictionary<SiloAddress, DirectWay>? _ways;

    public DirectWay? Find(SiloAddress silo)
    {
        if (Volatile.Read(ref _ways) is null) return null;
        lock (_gate) return _ways!.GetValueOrDefault(silo);
    }

    public DirectWay Of(SiloAddress silo)
    {
        lock (_gate)
        {
            var ways = _ways;
            if (ways is null || ways.Count >= Most) Volatile.Write(ref _ways, ways = []); // addresses of earlier lives
            if (!ways.TryGetValue(silo, out var way)) ways[silo] = way = new DirectWay();
            return way;
        }
    }
}

/// <summary>By which way an attempt goes.</summary>
internal enum Way
{
    Direct,
    Relay,

    /// <summary>By a relay, and a ping by the direct way, to see whether that works.</summary>
    RelayAndPing,
}

/// <summary>
/// Remembers which direct ways are no use. A client's messages to an id always take the same gateway, which may be dead, hang, or be
/// cut off from the replica's silo. Then calls go by relays:
/// to the replica in question until its direct way is seen to work again, and to every other one, for a while, unless its own was seen
/// to work: so that not each finds out by a timeout of its
/// own. On a silo there are no gateways, and no relays. Thread-safe.
/// </summary>
internal sealed partial class DirectWays(bool relaysPossible, TimeSpan patience, TimeProvider time, ILogger<DirectWays> logger)
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private long _silentSince;
    private long _silentLast;

    public bool RelaysPossible => relaysPossible;

    /// <summary>Is any direct way silent, or was one of late?</summary>
    public bool AnySilent => Volatile.Read(ref _silentLast) is not 0 and var last && time.GetElapsedTime(last) < Memory;

    public Way WayTo(GroupPath path, SiloAddress silo)
    {
        if (!relaysPossible) return Way.Direct;
        var way = path.Find(silo);
        if (way is not { IsSilent: true } && (!AnySilent || way?.Proved > Volatile.Read(ref _silentSince))) return Way.Direct;
        way ??= path.Of(silo);
        var now = time.GetTimestamp();
        if (now < way.NextPing) return Way.Relay;
        way.NextPing = now + Ticks(PingInterval);
        return Way.RelayAndPing;
    }

    /// <summary>An answer came directly.</summary>
    public void Answered(GroupPath path, SiloAddress silo)
    {
        if (path.Find(silo) is not { } way)
        {
            if (!AnySilent) return;
            way = path.Of(silo);
        }

        way.IsSilent = false;
        way.Proved = time.GetTimestamp();
    }

    /// <summary>
    /// The direct way to a replica was silent, and the same replica has answered by a relay: the way is at fault, if it stays silent
    /// for a while longer; else the call was merely slow.
    /// </summary>
    public async Task ConfirmSilentAsync(Task direct, GroupPath path, SiloAddress silo)
    {
        await direct.WaitAsync(patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (direct.IsCompletedSuccessfully) return;
        var way = path.Of(silo);
        var now = time.GetTimestamp();
        lock (_gate)
        {
            if (!AnySilent)
            {
                Volatile.Write(ref _silentSince, now);
                LogSilent(silo);
            }

            Volatile.Write(ref _silentLast, now);
        }

        if (!way.IsSilent) way.NextPing = now + Ticks(PingInterval);
        way.IsSilent = true;
    }

    /// <summary>The gateways are others than before: what was seen to work may not.</summary>
    public void Forget()
    {
        if (AnySilent) Volatile.Write(ref _silentSince, time.GetTimestamp());
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    [LoggerMessage(Level = LogLevel.Information, Message = "The direct way to a replica on {Silo} is silent, and a relay is not: calls go by relays.")]
    private partial void LogSilent(SiloAddress silo);
}
