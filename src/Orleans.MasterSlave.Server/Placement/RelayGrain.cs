using Orleans.MasterSlave.Contracts;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Placement;

/// <summary>
/// Forwards on whichever silo received the call, and says which that is. It answers within the caller's patience even when the replica
/// is silent, so that the caller can tell a dead gateway from a
/// dead replica; and then says what its silo knows of the replica's, for a silo that is cut off reaches nobody, and the others are not
/// to blame.
/// </summary>
[GrainType("masterslave.relay"), LocalToCaller]
internal sealed class RelayGrain(IGrainFactory factory, IReachability reach, ILocalSiloDetails local, TimeProvider time) : Grain, IRelayGrain
{
    private readonly CallCarrier _carrier = new(reach, local.SiloAddress, time);

    public Task<CallReply> ExecuteAsync(GrainId replica, Operation operation, TimeSpan patience) =>
        _carrier.CarryAsync(SiloOf(replica), () => factory.GetGrain<IReplicaEndpoint>(replica).ExecuteAsync(operation), patience);

    public Task<CallReply> ReadAsync(GrainId replica, ReadRequest request, TimeSpan patience) =>
        _carrier.CarryAsync(
            SiloOf(replica), () => factory.GetGrain<IReplicaEndpoint>(replica).ReadAsync(request), patience,
            request.Call.IsNone || request.PositionOnly ? null : () => factory.GetGrain<IReplicaEndpoint>(replica).ReadAsync(request.Question()));

    public Task<GroupView> ResolveAsync(GroupId group, long refusedVersion) =>
        factory.GetGrain<IGroupDirectoryGrain>(GroupDirectoryKey.Of(group)).ResolveAsync(group, refusedVersion);

    public Task<SiloAddress> WhereAsync() => Task.FromResult(local.SiloAddress);

    private static SiloAddress SiloOf(GrainId replica) =>
        ReplicaGrainId.TryParse(replica, out _, out var silo) ? silo : throw new MasterSlaveConfigurationException($"{ReplicaKey.Describe(replica)} names no silo.");
}
