using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Orleans.MasterSlave.Routing;

/// <summary>The way to one group, as far as it is known. Timestamps of the clock; zero: never.</summary>
internal sealed class GroupPath
{
    /// <summary>The direct way was silent, and a detour was not: until a probe of the direct way is answered.</summary>
    public bool UsesDetour;
    public long NextProbe;
    public long DirectProved;
}

/// <summary>By which way the first attempt of a call goes.</summary>
internal enum Way
{
    Direct,
    Detour,

    /// <summary>By the detour, and at the same time directly, to see whether that works again.</summary>
    Both,
}

/// <summary>
/// Remembers how to get past a gateway that is dead or hangs. A client's message to an id always takes the same gateway; so retries go to a relay
/// with a fresh key, and the key that worked is used first from then on: for the group in question until the direct way is seen to work again, and for
/// every other group for a while, so that not each of them finds out by a timeout of its own. On a silo there are no gateways, and no detours.
/// </summary>
internal sealed partial class GatewayDetours(bool possible, TimeSpan patience, TimeProvider time, Random random, ILogger<GatewayDetours> logger)
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private string? _key;
    private long _provedSince;
    private long _provedLast;

    public bool Possible => possible;

    /// <summary>Is there, or was there of late, any need for detours?</summary>
    public bool Active => Volatile.Read(ref _provedLast) is not 0 and var last && time.GetElapsedTime(last) < Memory;

    public Way WayTo(GroupPath path)
    {
        if (!possible || (!path.UsesDetour && !Active)) return Way.Direct;
        if (!path.UsesDetour) return path.DirectProved > Volatile.Read(ref _provedSince) ? Way.Direct : Way.Detour;
        var now = time.GetTimestamp();
        if (now < path.NextProbe) return Way.Detour;
        path.NextProbe = now + Ticks(ProbeInterval);
        return Way.Both;
    }

    /// <summary>The key to go by now.</summary>
    public string Key
    {
        get
        {
            lock (_gate) return _key ??= Fresh();
        }
    }

    /// <summary>A call by this key was silent: another one is tried next.</summary>
    public void Failed(string key)
    {
        lock (_gate)
        {
            if (_key == key) _key = Fresh();
        }
    }

    /// <summary>The direct way was silent, and this key answered.</summary>
    public void Proved(string key, GroupPath path)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            _key = key;
            if (_provedLast == 0 || time.GetElapsedTime(_provedLast) >= Memory) Volatile.Write(ref _provedSince, now);
            Volatile.Write(ref _provedLast, now);
        }

        path.NextProbe = now + Ticks(ProbeInterval);
        path.UsesDetour = true;
    }

    /// <summary>A replica answered.</summary>
    /// <param name="path">The way to its group.</param>
    /// <param name="key">The relay that the answer came by; null: directly.</param>
    /// <param name="silentDirect">The same call's attempt by the direct way, if it was silent.</param>
    public void Answered(GroupPath path, string? key, Task? silentDirect)
    {
        if (key is null) DirectAnswered(path);
        else if (silentDirect is not null) _ = ConfirmAsync(silentDirect, key, path);
    }

    public void DirectAnswered(GroupPath path)
    {
        if (!path.UsesDetour && !Active) return;
        path.UsesDetour = false;
        path.DirectProved = time.GetTimestamp();
    }

    /// <summary>An answer by a relay proves a detour only if the direct way stays silent a while longer: else the call was merely slow.</summary>
    private async Task ConfirmAsync(Task direct, string key, GroupPath path)
    {
        await direct.WaitAsync(patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (direct.IsCompleted) return;
        if (!path.UsesDetour) LogDetour(key);
        Proved(key, path);
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private string Fresh() => random.NextInt64().ToString("x", CultureInfo.InvariantCulture);
}
