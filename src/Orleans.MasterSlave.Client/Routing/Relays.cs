using System.Globalization;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// The relays of a client: by which key each gateway's relay is called, and which of them could not reach which silo a moment ago. A
/// client's messages to one key always take the same gateway,
/// but it does not know which before the relay has answered. Thread-safe.
/// </summary>
internal sealed class Relays(TimeProvider time, Random random)
{
    /// <summary>What a relay could not reach is asked for by it again after so long.</summary>
    public static readonly TimeSpan CutMemory = TimeSpan.FromSeconds(2);

    private const int KeyCount = 64; // each key is an activation on the gateway that it leads to
    private readonly Lock _gate = new();
    private readonly string _prefix = random.NextInt64().ToString("x", CultureInfo.InvariantCulture);
    private readonly Dictionary<SiloAddress, (string Key, long Answered)> _keys = [];
    private readonly Dictionary<(SiloAddress Relay, SiloAddress Target), long> _cuts = [];
    private int _next;

    /// <summary>The key to go by.</summary>
    /// <param name="target">The silo to reach; null: any that answers will do.</param>
    /// <param name="tries">How often it was tried in vain by the relay of each silo.</param>
    public RelayKey KeyTo(SiloAddress? target, IReadOnlyDictionary<SiloAddress, int> tries)
    {
        lock (_gate)
        {
            RelayFacts[] facts = [.. _keys.Select(k => new RelayFacts(k.Key, target is not null && IsCut(k.Key, target), tries.GetValueOrDefault(k.Key), k.Value.Answered))];
            return RelayChoice.Of(facts, target) is { } silo ? new RelayKey(_keys[silo].Key, silo) : new RelayKey(Unassigned(), null);
        }
    }

    /// <summary>A relay answered, whatever it had to say: the key leads to that silo.</summary>
    public void Answered(string key, SiloAddress silo)
    {
        lock (_gate)
        {
            foreach (var other in _keys.Where(k => k.Value.Key == key && !k.Key.Equals(silo)).Select(k => k.Key).ToArray()) _keys.Remove(other);
            _keys[silo] = (key, time.GetTimestamp());
        }
    }

    /// <summary>A scout found that the key leads to that silo: of use if none was known that does.</summary>
    public void Found(string key, SiloAddress silo)
    {
        lock (_gate) _keys.TryAdd(silo, (key, 0));
    }

    /// <summary>Keys of which it is not known where they lead.</summary>
    public IReadOnlyList<string> Unassigned(int count)
    {
        lock (_gate) return [.. Enumerable.Range(0, count).Select(_ => Unassigned())];
    }

    /// <summary>Nothing came by this key, not even the relay's word: its gateway is at fault, and no target.</summary>
    public void Silent(string key)
    {
        lock (_gate)
        {
            foreach (var silo in _keys.Where(k => k.Value.Key == key).Select(k => k.Key).ToArray()) _keys.Remove(silo);
        }
    }

    /// <summary>
    /// That relay could not reach the target. True: nor could another one a moment ago, so that it is the target that is at fault.
    /// </summary>
    public bool CouldNotReach(SiloAddress relay, SiloAddress target)
    {
        lock (_gate)
        {
            foreach (var over in _cuts.Where(c => time.GetElapsedTime(c.Value) >= CutMemory).Select(c => c.Key).ToArray()) _cuts.Remove(over);
            _cuts[(relay, target)] = time.GetTimestamp();
            return _cuts.Keys.Any(c => c.Target.Equals(target) && !c.Relay.Equals(relay));
        }
    }

    public void Reached(SiloAddress relay, SiloAddress target)
    {
        lock (_gate) _cuts.Remove((relay, target));
    }

    /// <summary>The gateways are others than before: keys may lead elsewhere now.</summary>
    public void ForgetKeys()
    {
        lock (_gate) _keys.Clear();
    }

    private bool IsCut(SiloAddress relay, SiloAddress target) => _cuts.TryGetValue((relay, target), out var since) && time.GetElapsedTime(since) < CutMemory;

    private string Unassigned()
    {
        while (true)
        {
            var key = $"{_prefix}-{_next++ % KeyCount}";
            if (_keys.Values.All(k => k.Key != key) || _keys.Count >= KeyCount) return key;
        }
    }
}

/// <summary>A relay, and where it runs, if that is known.</summary>
internal readonly record struct RelayKey(string Key, SiloAddress? Silo);
