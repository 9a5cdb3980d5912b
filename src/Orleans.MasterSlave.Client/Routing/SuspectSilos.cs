using System.Collections.Concurrent;

namespace Orleans.MasterSlave.Routing;

/// <summary>Silos that were silent to some call a moment ago, so that other calls need not find out each for itself. Bounded by the silos there are.</summary>
internal sealed class SuspectSilos(TimeProvider time)
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<SiloAddress, long> _since = new();

    public bool Any => !_since.IsEmpty;

    public void Suspect(SiloAddress silo) => _since[silo] = time.GetTimestamp();

    public void Clear(SiloAddress silo)
    {
        if (!_since.IsEmpty) _since.TryRemove(silo, out _);
    }

    public bool IsSuspect(SiloAddress silo)
    {
        if (_since.IsEmpty || !_since.TryGetValue(silo, out var since)) return false;
        if (time.GetElapsedTime(since) < Memory) return true;
        _since.TryRemove(silo, out _);
        return false;
    }
}
