using System.Collections.Immutable;

namespace Orleans.MasterSlave.Contracts;

/// <summary>Where a node runs, or last ran, as far as somebody knows. Of two that name the same node the later start counts.</summary>
/// <param name="StartCount">Which life of the node this is the address of; 0: not known.</param>
/// <param name="Silo">Null: not known.</param>
/// <param name="IsDown">That life is over: nobody answers there any more.</param>
internal readonly record struct NodeAddress(long StartCount, SiloAddress? Silo, bool IsDown);

/// <summary>One replica of a view.</summary>
/// <param name="Node">The node that it lives on.</param>
/// <param name="Silo">Where that node runs today, or ran last; null while that is not known.</param>
/// <param name="InSync">It holds every acknowledged operation.</param>
/// <param name="StartCount">Which life of the node <paramref name="Silo"/> is the address of; 0: not known.</param>
/// <param name="IsDown">That life is over.</param>
[GenerateSerializer, Immutable, Alias("masterslave.replica-address")]
internal sealed record ReplicaAddress(
    [property: Id(0)] NodeId Node,
    [property: Id(1)] SiloAddress? Silo,
    [property: Id(2)] bool InSync,
    [property: Id(3)] long StartCount = 0,
    [property: Id(4)] bool IsDown = false)
{
    /// <summary>The silo to call; null: none that may answer.</summary>
    public SiloAddress? Callable => IsDown ? null : Silo;

    /// <summary>
    /// Takes the other's address where that is news: a later start, or word that this one is over. What is not known replaces nothing, and who is down stays so until
    /// it has started again.
    /// </summary>
    public ReplicaAddress WithNewsOf(ReplicaAddress other)
    {
        if (other.Silo is null || other.StartCount < StartCount) return this;
        if (Silo is null || other.StartCount > StartCount || !other.Silo.Equals(Silo)) return this with { Silo = other.Silo, StartCount = other.StartCount, IsDown = other.IsDown };
        return other.IsDown && !IsDown ? this with { IsDown = true } : this;
    }
}

/// <summary>
/// What a caller needs to know of a group to route a call. A hint, never an authority: the replica decides. It has two parts, each with an order of its own: the
/// record (epoch, version, master, who is in sync), which is taken as a whole, and for each node the address, which changes without the record.
/// </summary>
[GenerateSerializer, Immutable, Alias("masterslave.group-view")]
internal sealed record GroupView(
    [property: Id(0)] GroupId Group,
    [property: Id(1)] Epoch Epoch,
    [property: Id(2)] long Version,
    [property: Id(3)] NodeId Master,
    [property: Id(4)] ImmutableArray<ReplicaAddress> Replicas)
{
    /// <summary>Which making of the group this is a view of (I4).</summary>
    [Id(5)] public GroupBirth Birth { get; init; }

    /// <summary>Is this view of a later state of the group record than the other?</summary>
    public bool IsNewerThan(GroupView? other) => other is null || (Epoch.Value, Version).CompareTo((other.Epoch.Value, other.Version)) > 0;

    /// <summary>
    /// The later record with the latest addresses of both. The very same object when the other holds no news: of another birth it holds none, for such views have no order
    /// between them.
    /// </summary>
    public GroupView WithNewsOf(GroupView other)
    {
        if (Birth.IsOther(other.Birth)) return this;
        var (record, rest) = other.IsNewerThan(this) ? (other, this) : (this, other);
        var replicas = record.Replicas;
        for (var i = 0; i < replicas.Length; i++)
        {
            if (rest.Replicas.FirstOrDefault(r => r.Node == replicas[i].Node) is not { } known) continue;
            // Of two addresses of one life, which a life never has, what comes later in time is believed: that is the other's.
            var latest = ReferenceEquals(record, other) ? known.WithNewsOf(replicas[i]) with { InSync = replicas[i].InSync } : replicas[i].WithNewsOf(known);
            if (latest != replicas[i]) replicas = replicas.SetItem(i, latest);
        }

        return replicas == record.Replicas ? record : record with { Replicas = replicas };
    }
}
