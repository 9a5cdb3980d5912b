using Orleans.Concurrency;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;

namespace Orleans.MasterSlave.Node;

/// <summary>Who a silo is (I3): asked once of each silo, and again when membership changes.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.node-hello")]
internal sealed record NodeHello([property: Id(0)] NodeLife Life, [property: Id(1)] StoreId Store, [property: Id(2)] string Zone);

/// <summary>What a node's log holds of a group.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.holding-reply")]
internal sealed record HoldingReply([property: Id(0)] NodeId Node, [property: Id(1)] GroupHolding Holding);

/// <summary>One on each silo, keyed by the silo's address: the node as other nodes see it.</summary>
[Alias("masterslave.INode")]
internal interface INodeGrain : IGrainWithStringKey
{
    /// <summary>Null while the silo is not ready.</summary>
    [AlwaysInterleave, Alias("hello"), ResponseTimeout("00:00:05")]
    Task<NodeHello?> HelloAsync();

    /// <summary>Does this node's log hold anything of the group (I4)?</summary>
    [AlwaysInterleave, Alias("holding"), ResponseTimeout("00:00:02")]
    Task<HoldingReply> HoldingAsync(GroupId group);

    /// <summary>Null: from an older life of the sender than one already seen.</summary>
    [AlwaysInterleave, Alias("heartbeat"), ResponseTimeout("00:00:02")]
    Task<HeartbeatReply?> HeartbeatAsync(Heartbeat heartbeat);
}
