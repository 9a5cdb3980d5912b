using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>Sends calls and look-ups, directly or by a relay.</summary>
internal sealed class AttemptSender(IGrainFactory factory, ClientTimes times)
{
    /// <summary>A relay gives up a little before its caller does, so that its silence means its gateway's.</summary>
    private const double RelayShare = 0.75;

    /// <summary>Sends a call once, by the relay of that key, or directly. Never throws: a client that is being stopped has a failed task.</summary>
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

    /// <summary>How long a relay may take at the n-th attempt by one: longer each time, for the sake of slow calls.</summary>
    public TimeSpan RelayPatience(int earlier)
    {
        var patience = times.Attempt * Math.Pow(4, Math.Min(earlier, 8));
        return patience < times.Call ? patience : times.Call;
    }

    /// <summary>Asks the directory; calls of one group that ask at the same time share the question.</summary>
    public Task<GroupView> Resolve(ClientGroup group, long refusedVersion, string? key) => group.JoinResolve(refusedVersion, key, () =>
        key is null
            ? factory.GetGrain<IGroupDirectoryGrain>(GroupDirectoryKey.Of(group.Id)).ResolveAsync(group.Id, refusedVersion)
            : factory.GetGrain<IRelayGrain>(key).ResolveAsync(group.Id, refusedVersion));

    public void Learn(ClientGroup group, GroupView? view) => group.Learn(view, factory);

    public void LearnFromDirectory(ClientGroup group, GroupView? view) => group.LearnFromDirectory(view, factory);

    public GroupRoutes RoutesOf(GroupView view) => new(view, factory);

    /// <summary>The way to a silo that no view names: for diagnostics.</summary>
    public ReplicaRoute RouteTo(GroupId group, SiloAddress silo)
    {
        var id = ReplicaGrainId.Create(group, silo);
        return new ReplicaRoute(id, silo, factory.GetGrain<IReplicaEndpoint>(id));
    }

    private static Task<CallReply> SendDirect(RoutedCall call, ReplicaRoute route) =>
        call.Operation is { } operation ? route.Endpoint.ExecuteAsync(operation) : route.Endpoint.ReadAsync(call.Read!);

    private static Task<CallReply> SendByRelay(RoutedCall call, ReplicaRoute route, IRelayGrain relay, TimeSpan patience) => call.Operation is { } operation
        ? relay.ExecuteAsync(route.Id, operation, patience)
        : relay.ReadAsync(route.Id, call.Read!, patience);
}
