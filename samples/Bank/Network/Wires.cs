using System.Collections.Concurrent;
using Bank.Options;

namespace Bank.Network;

/// <summary>All wires of the cluster. Parties are numbered: the clients are 0, silos have their own numbers, from 1.</summary>
/// <remarks>Cutting and mending is for one caller at a time; any number may look.</remarks>
internal sealed class Wires
{
    public const int Clients = 0;

    private readonly ConcurrentDictionary<(int From, int To), Wire> _wires = new();

    public Wire Between(int from, int to) => _wires.GetOrAdd((from, to), _ => new Wire());

    /// <summary>The wires of one silo to and from others, as chosen.</summary>
    public IEnumerable<Wire> Of(int silo, int silos, IsolateFrom others, CutDirection direction) =>
        from other in Enumerable.Range(Clients, silos + 1)
        where other != silo && (other == Clients ? others != IsolateFrom.Silos : others != IsolateFrom.Clients)
        from wire in Directions(silo, other, direction)
        select wire;

    public void MendAll()
    {
        foreach (var wire in _wires.Values) wire.Mend();
    }

    private IEnumerable<Wire> Directions(int silo, int other, CutDirection direction)
    {
        if (direction != CutDirection.In) yield return Between(silo, other);
        if (direction != CutDirection.Out) yield return Between(other, silo);
    }
}
