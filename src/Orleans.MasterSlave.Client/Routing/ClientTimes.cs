using Orleans.Hosting;

namespace Orleans.MasterSlave.Routing;

/// <summary>How long to wait for what: the options as the policy needs them.</summary>
internal sealed record ClientTimes(TimeSpan Attempt, TimeSpan Call, TimeSpan MinBackoff, TimeSpan MaxBackoff)
{
    /// <summary>A replica that was silent is left alone for at most this long within one call.</summary>
    private static readonly TimeSpan MaxPatience = TimeSpan.FromSeconds(6);

    /// <summary>The directory reads the store for those who skip its cache: it is asked less often than replicas are.</summary>
    private static readonly TimeSpan MaxResolveBackoff = TimeSpan.FromSeconds(2);

    /// <summary>No call lasts longer, so that a group may forget who was silent for longer (W1).</summary>
    public static readonly TimeSpan MaxCall = TimeSpan.FromMinutes(10);

    /// <summary>The same, with a limit of the whole call of the method's own.</summary>
    public ClientTimes Within(TimeSpan? limit) => limit is { } own && own > TimeSpan.Zero ? this with { Call = own < MaxCall ? own : MaxCall } : this;

    public static ClientTimes From(MasterSlaveClientOptions options) =>
        new(options.AttemptTimeout, options.CallTimeout, options.RetryBackoff, options.MaxRetryBackoff);

    public TimeSpan Patience(int earlierAttempts) => Grow(Attempt, 2, earlierAttempts, MaxPatience < Attempt ? Attempt : MaxPatience);

    public TimeSpan Backoff(int earlier) => Grow(MinBackoff, 1.5, earlier, MaxBackoff);

    public TimeSpan ResolveBackoff(int earlier) => Grow(MinBackoff * 4, 2, earlier, MaxResolveBackoff);

    private static TimeSpan Grow(TimeSpan first, double factor, int times, TimeSpan most)
    {
        var grown = first * Math.Pow(factor, Math.Min(times, 30));
        return grown < most ? grown : most;
    }
}
