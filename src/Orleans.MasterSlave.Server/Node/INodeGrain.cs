using Orleans.Concurrency;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Liveness;

namespace Orleans.MasterSlave.Node;

/// <summary>Who a silo is (I3): asked once of each silo, and again when membership changes.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.node-hello")]
internal sealed record NodeHello([property: Id(0)] NodeLife Life, [property: Id(1)] StoreId Store, [property: Id(2)] string Zone);

/// <summary>One on each silo, keyed by the silo's address: the node as other nodes see it.</summary>
[Alias("masterslave.INode")]
internal interface INodeGrain : IGrainWithStringKey
{
    /// <summary>Null while the silo is not ready.</summary>
    [AlwaysInterleave, Alias("hello"), ResponseTimeout("00:00:05")]
    Task<NodeHello?> HelloAsync();

    /// <summary>Null: from an older life of the sender than one already seen.</summary>
    [AlwaysInterleave, Alias("heartbeat"), ResponseTimeout("00:00:02")]
    Task<HeartbeatReply?> HeartbeatAsync(Heartbeat heartbeat);
}
