using System.Collections.Immutable;

namespace Orleans.MasterSlave.Contracts;

/// <summary>Where one replica lives today. <see cref="Silo"/> is null while its node is not known to run.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.replica-address")]
internal sealed record ReplicaAddress([property: Id(0)] NodeId Node, [property: Id(1)] SiloAddress? Silo, [property: Id(2)] bool InSync);

/// <summary>What a caller needs to know of a group to route a call. A hint, never an authority: the replica decides.</summary>
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
}
