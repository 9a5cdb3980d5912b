using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Network;

/// <summary>What a scripted history does with one message, request or reply.</summary>
internal enum MessageFate { Passes, IsLost, IsHeld, IsDoubled }

/// <summary>
/// Carries messages between nodes, and between clients and nodes: late, lost, doubled, overtaken, cut off one way or both. A request and its reply
/// are messages of their own. A message reaches whatever life of the node is up when it comes.
/// </summary>
internal sealed class SimNetwork(SimWorld world, NetworkWeather weather)
{
    /// <summary>Stands for all clients: they are never cut off, but their messages fare like others.</summary>
    public const int Clients = -1;

    private readonly SimRandom _random = world.Random.Fork();
    private readonly HashSet<(int From, int To)> _cut = [];
    private readonly Dictionary<(int From, int To), TimeSpan> _lastArrival = [];
    private readonly List<Action> _held = [];

    public NetworkWeather Weather => weather;

    /// <summary>How much longer every message from and to a node takes.</summary>
    public Dictionary<int, TimeSpan> Slow { get; } = [];
    public Func<int, SimSilo?> SiloOf { get; set; } = _ => null;

    /// <summary>For scripted histories: sees every message (from, to, request or reply) before it is sent. What is held, and the copy of what is doubled, waits for <see cref="ReleaseHeld"/>.</summary>
    public Func<int, int, object?, MessageFate>? Script { get; set; }

    /// <summary>For scripted histories: the node that a replica's call reaches instead of the one that it is for.</summary>
    public Func<int, int>? Misdirect { get; set; }

    /// <summary>With it: the request as whoever it reaches gets it.</summary>
    public Func<NodeId, object, object>? Readdress { get; set; }

    public void ReleaseHeld()
    {
        foreach (var carry in _held) carry();
        _held.Clear();
    }

    public void Cut(int from, int to) => _cut.Add((from, to));
    public void Heal(int from, int to) => _cut.Remove((from, to));
    public void HealAll() => _cut.Clear();

    /// <summary>Asks a node. The task completes in the asker's lane, or never.</summary>
    public Task<TReply> CallAsync<TReply>(int from, SimLane asker, int to, object request, Func<SimSilo, Task<TReply>> handle, Func<SimSilo, SimLane>? lane = null)
    {
        var answer = new TaskCompletionSource<TReply>();
        Send(from, to, request, () =>
        {
            if (SiloOf(to) is not { } silo)
            {
                if (_random.Chance(0.5)) Send(to, from, null, () => asker.Post(() => answer.TrySetException(new IOException($"Node {to} is not there."))));
                return;
            }

            (lane?.Invoke(silo) ?? silo.Lane).Post(() => _ = ServeAsync(silo));
        });
        return answer.Task;

        async Task ServeAsync(SimSilo silo)
        {
            try
            {
                var reply = await handle(silo);
                Send(to, from, reply, () => asker.Post(() => answer.TrySetResult(reply)));
            }
            catch (Exception e)
            {
                Send(to, from, e, () => asker.Post(() => answer.TrySetException(e)));
            }
        }
    }

    private void Send(int from, int to, object? message, Action arrive)
    {
        var fate = Script?.Invoke(from, to, message) ?? MessageFate.Passes;
        if (fate is MessageFate.IsHeld or MessageFate.IsDoubled) _held.Add(() => Carry(from, to, arrive));
        if (fate is MessageFate.IsHeld or MessageFate.IsLost) return;
        Carry(from, to, arrive);
        if (!_random.Chance(weather.Duplication)) return;
        world.Count("message doubled");
        Carry(from, to, arrive);
    }

    private void Carry(int from, int to, Action arrive)
    {
        if (_cut.Contains((from, to)) || _random.Chance(weather.Loss))
        {
            world.Count("message lost");
            return;
        }

        var delay = _random.Milliseconds(weather.LeastMilliseconds, weather.MostMilliseconds);
        if (_random.Chance(weather.Lateness))
        {
            world.Count("message late");
            delay += _random.Milliseconds(0, weather.LatestMilliseconds);
        }

        if (Slow.Count > 0) delay += Slow.GetValueOrDefault(from) + Slow.GetValueOrDefault(to);
        var at = world.Now + delay;
        if (!_random.Chance(weather.Reordering))
        {
            var last = _lastArrival.GetValueOrDefault((from, to));
            if (at < last) at = last;
            _lastArrival[(from, to)] = at;
        }

        world.After(at - world.Now, () =>
        {
            if (!_cut.Contains((from, to))) arrive();
        });
    }
}
