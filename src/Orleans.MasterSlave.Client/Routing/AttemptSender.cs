using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>Sends calls and look-ups, directly or by a relay.</summary>
internal sealed class AttemptSender(IGrainFactory factory, GoneSilos gone, ClientTimes times, TimeProvider time)
{
    /// <summary>A relay gives up a little before its caller does, so that its silence means its gateway's.</summary>
    private const double RelayShare = 0.75;

    /// <summary>
    /// Sends a call once, by the relay of that key, or directly. Never throws: a client that is being stopped has a failed task.
    /// </summary>
    public Task<CallReply> Send(RoutedCall call, ReplicaRoute route, string? key, TimeSpan patience)
    {
        try
        {
            return key is null ? SendDirect(call, route) : SendByRelay(call, route, factory.GetGrain<IRelayGrain>(key), patience * RelayShare);
        }
        catch (Exception failure)
        {
            return Task.FromException<CallReply>(failure);
        }
    }

    /// <summary>
    /// Does the replica answer by the direct way? Without user code, and nothing of a call: a second copy of a call would have to count
    /// as perhaps executed. Never throws.
    /// </summary>
    public async Task<bool> PingAsync(ClientGroup group, ReplicaRoute route)
    {
        try
        {
            var ping = route.Endpoint.ReadAsync(ReadRequest.Ping(group.Birth));
            ping.Ignore();
            await ping.WaitAsync(times.Attempt, time);
            return true;
        }
        catch (Exception)
        {
            return false; // whatever it was: calls go on by relays
        }
    }

    /// <summary>Does the replica execute this read, by its own word? False: it did not say so in time. Never throws.</summary>
    public async Task<bool> IsRunningAsync(ReadRequest read, ReplicaRoute route, TimeSpan limit)
    {
        try
        {
            var asked = route.Endpoint.ReadAsync(read.Question());
            asked.Ignore();
            return (await asked.WaitAsync(limit, time)).IsRunning;
        }
        catch (Exception)
        {
            return false; // the call goes on without it
        }
    }

    /// <summary>
    /// Asks the directory; calls of one group that ask at the same time share the question, but not one that is older than an attempt:
    /// it may never be answered.
    /// </summary>
    public Task<GroupView> Resolve(ClientGroup group, long refusedVersion, string? key) => group.JoinResolve(refusedVersion, key, time.GetTimestamp(), joinable: (long)(times.Attempt.TotalSeconds * time.TimestampFrequency), () =>
        key is null
            ? factory.GetGrain<IGroupDirectoryGrain>(GroupDirectoryKey.Of(group.Id)).ResolveAsync(group.Id, refusedVersion)
            : factory.GetGrain<IRelayGrain>(key).ResolveAsync(group.Id, refusedVersion));

    public void Learn(ClientGroup group, GroupView? view)
    {
        if (view is not null) group.Learn(gone.Mark(view), factory);
    }

    public void LearnFromDirectory(ClientGroup group, GroupView? view)
    {
        if (view is not null) group.LearnFromDirectory(gone.Mark(view), factory);
    }

    public GroupRoutes RoutesOf(GroupView view) => new(view, factory);

    /// <summary>The way to a silo that no view names: for diagnostics.</summary>
    public ReplicaRoute RouteTo(GroupId group, SiloAddress silo)
    {
        var id = ReplicaGrainId.Create(group, silo);
        return new ReplicaRoute(id, silo, factory.GetGrain<IReplicaEndpoint>(id));
    }

    private static Task<CallReply> SendDirect(RoutedCall call, ReplicaRoute route) =>
        call.Operation is { } operation ? route.Endpoint.ExecuteAsync(operation.After(call.Broken)) : route.Endpoint.ReadAsync(call.Read!.After(call.Broken));

    private static Task<CallReply> SendByRelay(RoutedCall call, ReplicaRoute route, IRelayGrain relay, TimeSpan patience) => call.Operation is { } operation
        ? relay.ExecuteAsync(route.Id, operation.After(call.Broken), patience)
        : relay.ReadAsync(route.Id, call.Read!.After(call.Broken), patience);
}
