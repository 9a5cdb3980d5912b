using System.Runtime.CompilerServices;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// Brings a call to a replica that answers it. The first attempt is the usual case, and costs no more than the attempt; whatever goes otherwise is
/// <see cref="CallRerouter"/>'s.
/// </summary>
internal sealed class CallRouter(
    AttemptSender sender, CallRerouter rerouter, GatewayDetours detours, SuspectSilos suspects, AttemptWatch watch, ClientTimes times, TimeProvider time)
{
    /// <summary>The answer. Every other end is an exception.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<CallReply> RouteAsync(RoutedCall call)
    {
        if (call.Group.Routes is not { } routes || First(call, routes) is not { } route || suspects.IsSuspect(route.Silo))
            return await rerouter.RerouteAsync(call, null, null);

        var way = detours.WayTo(call.Group.Path);
        var key = way == Way.Direct ? null : detours.Key;
        var reply = sender.Send(call, route, key, times.Attempt);
        if (way == Way.Both) _ = ProbeAsync(call, route);
        if (!call.Cancellation.CanBeCanceled) await watch.WaitAsync(reply);
        else await ((Task)reply).WaitAsync(times.Attempt, time, call.Cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        if (reply.IsCompletedSuccessfully && reply.Result is { Kind: ReplyKind.Answered } answer)
        {
            suspects.Clear(route.Silo);
            detours.Answered(call.Group.Path, key, silentDirect: null);
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

    /// <summary>Sends the call by the direct way as well: the master joins the two by their id, a read is merely done twice.</summary>
    private async Task ProbeAsync(RoutedCall call, ReplicaRoute route)
    {
        var probe = sender.Send(call, route, null, times.Attempt);
        await ((Task)probe).WaitAsync(times.Attempt, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (probe.IsCompletedSuccessfully) detours.Answered(call.Group.Path, null, null);
    }
}
