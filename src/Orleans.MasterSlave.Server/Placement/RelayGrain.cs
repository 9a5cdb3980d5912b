using Orleans.MasterSlave.Contracts;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Placement;

/// <summary>
/// Forwards on whichever silo received the call. It answers within the caller's patience even when the replica is silent, so that the caller can
/// tell a dead gateway from a dead replica.
/// </summary>
[GrainType("masterslave.relay"), LocalToCaller]
internal sealed class RelayGrain(IGrainFactory factory, TimeProvider time) : Grain, IRelayGrain
{
    public Task<CallReply> ExecuteAsync(GrainId replica, Operation operation, TimeSpan patience) =>
        Wait(factory.GetGrain<IReplicaEndpoint>(replica).ExecuteAsync(operation), patience);

    public Task<CallReply> ReadAsync(GrainId replica, ReadRequest request, TimeSpan patience) =>
        Wait(factory.GetGrain<IReplicaEndpoint>(replica).ReadAsync(request), patience);

    public Task<GroupView> ResolveAsync(GroupId group, long refusedVersion) =>
        factory.GetGrain<IGroupDirectoryGrain>(GroupDirectoryKey.Of(group)).ResolveAsync(group, refusedVersion);

    private async Task<CallReply> Wait(Task<CallReply> call, TimeSpan patience)
    {
        try
        {
            return await call.WaitAsync(patience, time);
        }
        catch (Exception failure) when (failure is not MasterSlaveException)
        {
            call.Ignore();
            return new CallReply { Kind = ReplyKind.Unknown, Unreached = true, Message = $"The relay had no answer from the replica: {failure.Message}" };
        }
    }
}
