using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// Brings a call to a replica that answers it. The first attempt is the usual case, and costs no more than the attempt; whatever goes otherwise is
/// <see cref="RerouteAsync"/>'s, which does what <see cref="ClientPolicy"/> says.
/// </summary>
internal sealed partial class CallRouter(
    AttemptSender sender, GatewayDetours detours, SuspectSilos suspects, AttemptWatch watch, ClientTimes times, TimeProvider time, ILogger<CallRouter> logger)
{
    /// <summary>The answer. Every other end is an exception.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<CallReply> RouteAsync(RoutedCall call)
    {
        if (call.Group.Routes is not { } routes || First(call, routes) is not { } route || suspects.IsSuspect(route.Silo))
            return await RerouteAsync(call, null, null);

        var way = detours.WayTo(call.Group.Path);
        var key = way == Way.Direct ? null : detours.Key;
        var reply = Send(call, route, key, times.Attempt);
        if (way == Way.Both) _ = ProbeAsync(call, route);
        if (!call.Cancellation.CanBeCanceled) await watch.WaitAsync(reply);
        else await ((Task)reply).WaitAsync(times.Attempt, time, call.Cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        if (reply.IsCompletedSuccessfully && reply.Result is { Kind: ReplyKind.Answered } answer)
        {
            Answered(call, route.Silo, key);
            return answer;
        }

        return await RerouteAsync(call, routes, new Attempt(reply, route.Silo, key, times.Attempt));
    }

    private static ReplicaRoute? First(RoutedCall call, GroupRoutes routes) => call.Kind switch
    {
        CallKind.Operation or CallKind.ReadMaster => routes.Master,
        CallKind.ReadOne => routes.Of(call.OnlySilo!),
        _ => routes.Readers is { Length: > 0 } readers ? readers[(uint)call.Turn % (uint)readers.Length] : routes.Master,
    };

    private Task<CallReply> Send(RoutedCall call, ReplicaRoute route, string? key, TimeSpan patience)
    {
        try
        {
            return key is null ? sender.SendDirect(call, route) : sender.SendByRelay(call, route, key, patience);
        }
        catch (Exception failure)
        {
            return Task.FromException<CallReply>(failure); // a client that is being stopped throws at once
        }
    }

    private void Answered(RoutedCall call, SiloAddress silo, string? key)
    {
        suspects.Clear(silo);
        if (key is null) detours.DirectAnswered(call.Group.Path);
        else if (call.SilentDirect is { } direct) _ = ConfirmDetourAsync(direct, key, call.Group.Path);
    }

    /// <summary>
    /// An answer by a relay proves a detour only if the direct way stays silent a while longer: else the call was merely slow.
    /// </summary>
    private async Task ConfirmDetourAsync(Attempt direct, string key, GroupPath path)
    {
        await Quietly(direct.Reply.WaitAsync(times.Attempt, time));
        if (direct.Reply.IsCompleted) return;
        if (!path.UsesDetour) LogDetour(key);
        detours.Proved(key, path);
    }

    /// <summary>Sends the call by the direct way as well: the master joins the two by their id, a read is merely done twice.</summary>
    private async Task ProbeAsync(RoutedCall call, ReplicaRoute route)
    {
        var probe = Send(call, route, null, times.Attempt);
        await Quietly(probe.WaitAsync(times.Attempt, time));
        if (probe.IsCompletedSuccessfully) detours.DirectAnswered(call.Group.Path);
    }

    private static async Task Quietly(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
