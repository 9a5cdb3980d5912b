using System.Runtime.CompilerServices;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// Brings a call to a replica that answers it. The first attempt is the usual case, and costs no more than the attempt; whatever goes otherwise is
/// <see cref="CallRerouter"/>'s.
/// </summary>
internal sealed class CallRouter(
    AttemptSender sender, CallRerouter rerouter, DirectWays directWays, Relays relays, SuspectSilos suspects, GoneSilos gone, AttemptWatch watch, ClientTimes times, TimeProvider time)
{
    private static readonly Dictionary<SiloAddress, int> NoneTried = [];

    /// <summary>The answer. Every other end is an exception.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<CallReply> RouteAsync(RoutedCall call)
    {
        if (call.Times.Call <= times.Attempt || call.Group.Routes is not { } routes || First(call, routes) is not { } route
            || suspects.IsSuspect(route.Silo) || gone.IsGone(route.Silo))
            return await rerouter.RerouteAsync(call, null, null);

        var way = directWays.WayTo(call.Group.Path, route.Silo);
        var key = way == Way.Direct ? null : relays.KeyTo(route.Silo, NoneTried).Key;
        var reply = sender.Send(call, route, key, times.Attempt);
        if (way == Way.RelayAndPing) _ = PingAsync(call.Group, route);
        if (!call.Cancellation.CanBeCanceled) await watch.WaitAsync(reply);
        else await ((Task)reply).WaitAsync(times.Attempt, time, call.Cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        if (reply.IsCompletedSuccessfully && reply.Result is { Kind: ReplyKind.Answered } answer)
        {
            suspects.Clear(route.Silo);
            sender.Learn(call.Group, answer.View);
            if (key is null) directWays.Answered(call.Group.Path, route.Silo);
            else if (answer.Relay is { } relay) relays.Answered(key, relay);
            return answer;
        }

        return await rerouter.RerouteAsync(call, routes, new Attempt(reply, route.Silo, key, times.Attempt));
    }

    private static ReplicaRoute? First(RoutedCall call, GroupRoutes routes) => call.Kind switch
    {
        CallKind.Operation or CallKind.ReadMaster => routes.Master,
        CallKind.ReadOne => routes.Of(call.OnlySilo!),
        _ => routes.Readers is { Length: > 0 } readers ? readers[(uint)call.Turn % (uint)readers.Length] : routes.Master,
    };

    private async Task PingAsync(ClientGroup group, ReplicaRoute route)
    {
        if (await sender.PingAsync(group, route)) directWays.Answered(group.Path, route.Silo);
    }
}
