using System.Collections.Immutable;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// Marks a mastership as the work of one attempt of one process (G2): a swap whose outcome was unknown is recognised by it, also after other
/// swaps that left the mastership as it was.
/// </summary>
[GenerateSerializer, Immutable, Alias("masterslave.master-claim")]
internal readonly record struct MasterClaim([property: Id(0)] NodeLife Life, [property: Id(1)] long Number)
{
    public override string ToString() => $"{Life}/{Number}";
}

/// <summary>The level of what a version writes into records, messages and logs. It rises when an older version would misunderstand or drop something of it.</summary>
internal static class FormatLevel
{
    public const int Known = 1;
}

/// <summary>The group's row: who is master, who is in sync. Changed by compare-and-swap only (G1).</summary>
[GenerateSerializer, Immutable, Alias("masterslave.group-record")]
internal sealed record GroupRecord
{
    [Id(0)] public required GroupId Group { get; init; }
    [Id(1)] public required Epoch Epoch { get; init; }
    [Id(2)] public required NodeId Master { get; init; }
    [Id(3)] public required MasterClaim Claim { get; init; }

    /// <summary>Replicas that hold every acknowledged operation and may become master; sorted.</summary>
    [Id(4)] public required ImmutableArray<NodeId> InSync { get; init; }

    /// <summary>All replicas, in sync or not; sorted.</summary>
    [Id(5)] public required ImmutableArray<NodeId> Replicas { get; init; }
    [Id(6)] public required ReplicationMode Mode { get; init; }
    [Id(7)] public required int MinInSync { get; init; }

    /// <summary>How often acknowledged operations may have been lost: forced and asynchronous promotions (G10, C5).</summary>
    [Id(8)] public required long DataLossCount { get; init; }

    /// <summary>+1 at every swap.</summary>
    [Id(9)] public required long Version { get; init; }
    [Id(10)] public required StoreId Store { get; init; }

    /// <summary>Which making of the group this is: another's log is never obeyed by it (I4).</summary>
    [Id(11)] public required GroupBirth Birth { get; init; }

    /// <summary>What a version must know to change this record or to follow its master; a version that knows less does neither.</summary>
    [Id(12)] public int Level { get; init; } = FormatLevel.Known;

    public bool IsInSync(NodeId node) => InSync.Contains(node);

    public override string ToString() =>
        $"{Group} {Epoch} v{Version} master {Master} in sync [{string.Join(' ', InSync)}] of [{string.Join(' ', Replicas)}]";
}
