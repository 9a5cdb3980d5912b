using System.Collections.Immutable;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Group;

/// <summary>How a group is to be made.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.group-plan")]
internal sealed record GroupPlan(
    [property: Id(0)] GroupId Group,
    [property: Id(1)] ImmutableArray<NodeId> Replicas,
    [property: Id(2)] ReplicationMode Mode,
    [property: Id(3)] int MinInSync);

/// <summary>What became of the wish to make a group.</summary>
/// <param name="Record">The record as it is now, whoever made it; null: none is made.</param>
/// <param name="Holders">Nodes that hold data of the group, though it has no record: so none is made (I4). None and no record: this node
/// makes no group now, another may (I2).</param>
[GenerateSerializer, Immutable, Alias("masterslave.create-reply")]
internal sealed record CreateReply([property: Id(0)] GroupRecord? Record, [property: Id(1)] ImmutableArray<string> Holders)
{
    public static CreateReply Of(GroupRecord record) => new(record, []);
    public static CreateReply NotNow { get; } = new(null, []);

    /// <summary>This node makes no group now; another may.</summary>
    public bool IsNotNow => Record is null && Holders.IsDefaultOrEmpty;
    public static CreateReply Refused(ImmutableArray<string> holders) => new(null, holders);
}

/// <summary>
/// Serves and changes one group's record for the replicas of one node: the master lock. Every change returns the record as it is
/// <em>settled</em> (G1), whoever made it so: the caller looks at it to see whether it got its way. Tasks stay open while an outcome is unknown.
/// </summary>
internal interface IGroupCoordinator
{
    /// <summary>The record, null when there is none. <paramref name="fresh"/>: past every cache.</summary>
    Task<GroupRecord?> ReadAsync(bool fresh);

    /// <summary>The record when every change that was begun here before is settled, whatever time that takes (G1); null: there is none.</summary>
    Task<GroupRecord?> SettledAsync();

    /// <summary>Inserts the record with epoch 1 and the claimant as master, everybody else not yet in sync (G2).</summary>
    Task<GroupRecord> CreateAsync(GroupPlan plan, MasterClaim claim, StoreId store, GroupBirth birth);

    /// <summary>
    /// Epoch+1 with the claimant as master, if the row still has <paramref name="basedOnVersion"/> (G3, G4). <paramref name="holdsAll"/>: it is
    /// known to have all that the former master had (C5).
    /// </summary>
    Task<GroupRecord> PromoteAsync(MasterClaim claim, long basedOnVersion, bool holdsAll = false);

    /// <summary>Takes a slave out of the in-sync set, if the claim is still the master's (G5).</summary>
    Task<GroupRecord> ShrinkAsync(MasterClaim claim, NodeId slave);

    /// <summary>Takes a slave into the in-sync set, if the claim is still the master's (G6).</summary>
    Task<GroupRecord> GrowAsync(MasterClaim claim, NodeId slave);

    /// <summary>Takes another node among the replicas, if the claim is still the master's and they are fewer than wanted (G8).</summary>
    Task<GroupRecord> EnterAsync(MasterClaim claim, NodeId node, int wanted);
}
