using Orleans.MasterSlave.Contracts;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Placement;

/// <summary>
/// Forwards on whichever silo received the call, and says which that is. It answers within the caller's patience even when the replica is silent, so that the caller can tell a dead gateway from a
/// dead replica; and then says what its silo knows of the replica's, for a silo that is cut off reaches nobody, and the others are not to blame.
/// </summary>
[GrainType("masterslave.relay"), LocalToCaller]
internal sealed class RelayGrain(IGrainFactory factory, IReachability reach, ILocalSiloDetails local, TimeProvider time) : Grain, IRelayGrain
{
    public Task<CallReply> ExecuteAsync(GrainId replica, Operation operation, TimeSpan patience) =>
        CarryAsync(replica, endpoint => endpoint.ExecuteAsync(operation), patience);

    public Task<CallReply> ReadAsync(GrainId replica, ReadRequest request, TimeSpan patience) =>
        CarryAsync(replica, endpoint => endpoint.ReadAsync(request), patience);

    public Task<GroupView> ResolveAsync(GroupId group, long refusedVersion) =>
        factory.GetGrain<IGroupDirectoryGrain>(GroupDirectoryKey.Of(group)).ResolveAsync(group, refusedVersion);

    public Task<SiloAddress> WhereAsync() => Task.FromResult(local.SiloAddress);

    private async Task<CallReply> CarryAsync(GrainId replica, Func<IReplicaEndpoint, Task<CallReply>> send, TimeSpan patience)
    {
        if (!ReplicaGrainId.TryParse(replica, out _, out var silo)) throw new MasterSlaveConfigurationException($"{replica} names no silo.");
        if (reach.Of(silo) is var known and (Reach.Gone or Reach.Unheard)) return Own(ReplyKind.NotTaken, known, "not sent, for its silo is not heard");
        var call = send(factory.GetGrain<IReplicaEndpoint>(replica));
        try
        {
            await WaitAsync(call, silo, patience);
            if (call.IsCompleted) return (await call).By(local.SiloAddress);
        }
        catch (Exception failure) when (failure is not MasterSlaveException)
        {
            return Own(ReplyKind.Unknown, reach.Of(silo), failure.Message);
        }

        call.Ignore();
        return Own(ReplyKind.Unknown, reach.Of(silo), "it did not come in time");
    }

    /// <summary>Until the call has ended, the patience is over, or the replica's silo is known not to be heard: then nothing is to be expected.</summary>
    private async Task WaitAsync(Task call, SiloAddress silo, TimeSpan patience)
    {
        var began = time.GetTimestamp();
        while (!call.IsCompleted && patience - time.GetElapsedTime(began) is { Ticks: > 0 } left && reach.Of(silo) is Reach.Heard or Reach.Unknown)
            await call.WaitAsync(left < reach.Interval ? left : reach.Interval, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private CallReply Own(ReplyKind kind, Reach known, string why) => new()
    {
        Kind = kind,
        Unanswered = known,
        Relay = local.SiloAddress,
        Message = $"The relay on {local.SiloAddress} had no answer from the replica: {why}",
    };
}
