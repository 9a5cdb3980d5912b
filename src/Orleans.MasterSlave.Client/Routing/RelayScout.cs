using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// Finds a relay behind each gateway as soon as one is needed: some keys that were not used yet are asked where they lead to. Orleans
/// deals unused ids out to gateways in turn. Trying a call by one
/// unknown key after the other might meet the same gateway each time, for other calls take the turns between. Thread-safe.
/// </summary>
internal sealed class RelayScout(IGrainFactory factory, Relays relays, ClientTimes times, TimeProvider time)
{
    private const int AtOnce = 8;
    private long _last;

    /// <summary>Sends scouts out, unless that was done an attempt's time ago or less.</summary>
    public void SendOut()
    {
        var (last, now) = (Volatile.Read(ref _last), time.GetTimestamp());
        if ((last != 0 && time.GetElapsedTime(last) < times.Attempt) || Interlocked.CompareExchange(ref _last, now, last) != last) return;
        foreach (var key in relays.Unassigned(AtOnce)) _ = AskAsync(key);
    }

    private async Task AskAsync(string key)
    {
        try
        {
            var asked = factory.GetGrain<IRelayGrain>(key).WhereAsync();
            asked.Ignore();
            relays.Found(key, await asked.WaitAsync(times.Attempt * 4, time));
        }
        catch (Exception)
        {
            // That gateway is no use just now; others answer.
        }
    }
}
