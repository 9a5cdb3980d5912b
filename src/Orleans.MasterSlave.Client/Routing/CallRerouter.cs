using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Routing;

/// <summary>The long way of a call: a view is missing, or the first attempt was not answered. Does what <see cref="ClientPolicy"/> decides.</summary>
internal sealed partial class CallRerouter(
    AttemptSender sender, GatewayDetours detours, SuspectSilos suspects, ClientTimes times, TimeProvider time, ILogger<CallRerouter> logger)
{
    public async ValueTask<CallReply> RerouteAsync(RoutedCall call, GroupRoutes? routes, Attempt? first)
    {
        var journey = new Journey(call, times) { Routes = routes ?? call.Group.Routes };
        journey.Progress.OnView(journey.Routes?.View);
        SuspectKnown(journey);
        if (first is not null)
        {
            journey.Progress.OnSent(first.Silo, TimeSpan.Zero);
            journey.Attempts.Add(first);
            first.Reply.Ignore();
        }

        while (true)
        {
            call.Cancellation.ThrowIfCancellationRequested();
            var now = time.GetElapsedTime(call.Started);
            if (Harvest(journey, now) is { } answer) return answer;

            var decision = ClientPolicy.Next(journey.Progress, now);
            switch (decision.Step)
            {
                case ClientStep.Send:
                    SendNext(journey, decision.Target!, now);
                    break;
                case ClientStep.Resolve:
                    journey.Progress.OnResolving();
                    journey.Resolving = ResolveAsync(journey, decision.RefusedVersion);
                    break;
                case ClientStep.Wait:
                    await WaitAsync(journey, decision.Until, now);
                    break;
                default:
                    LogGaveUp(call.Group.Id, call.Kind, journey.Attempts.Count, journey.LastFailure);
                    throw CallFailure.Of(journey.Progress, call.Group, journey.LastFailure);
            }
        }
    }

    /// <summary>Takes in what has come, in the order of sending. The answer, if one is among it.</summary>
    private CallReply? Harvest(Journey journey, TimeSpan now)
    {
        for (var i = 0; i < journey.Attempts.Count; i++)
        {
            var attempt = journey.Attempts[i];
            if (!attempt.Reply.IsCompleted)
            {
                if (!attempt.WasSilent && now >= attempt.PatienceEnd) Silent(journey, attempt, now);
                continue;
            }

            journey.Attempts.RemoveAt(i--);
            if (!attempt.Reply.IsCompletedSuccessfully) Broken(journey, attempt, now);
            else if (attempt.Reply.Result is { Kind: ReplyKind.Answered } answer)
            {
                Answered(journey.Call, attempt);
                return answer;
            }
            else Declined(journey, attempt, attempt.Reply.Result, now);
        }

        if (journey.Resolving is { IsCompleted: true } resolved)
        {
            journey.Resolving = null;
            journey.Progress.OnResolved(resolved.Result, now);
            Refresh(journey);
        }

        return null;
    }

    private void Answered(RoutedCall call, Attempt attempt)
    {
        suspects.Clear(attempt.Silo);
        detours.Answered(call.Group.Path, attempt.Key, call.SilentDirect?.Reply);
    }

    private void Silent(Journey journey, Attempt attempt, TimeSpan now)
    {
        attempt.WasSilent = true;
        if (attempt.Key is not null)
        {
            detours.Failed(attempt.Key);
            journey.Progress.OnBroken(attempt.Silo, null, now);
        }
        else if (detours.Possible) journey.Call.SilentDirect ??= attempt;
        else suspects.Suspect(attempt.Silo);
    }

    private void Broken(Journey journey, Attempt attempt, TimeSpan now)
    {
        journey.LastFailure = attempt.Reply.Exception?.InnerException ?? new OperationCanceledException();
        if (!CallFailure.IsPassing(journey.LastFailure)) throw CallFailure.Lasting(journey.LastFailure);
        if (journey.LastFailure is SiloUnavailableException) suspects.Suspect(attempt.Silo);
        journey.Progress.OnBroken(attempt.Silo, journey.LastFailure.Message, now);
    }

    private void Declined(Journey journey, Attempt attempt, CallReply reply, TimeSpan now)
    {
        sender.Learn(journey.Call.Group, reply.View);
        if (reply.Refusal == RefusalReason.RequestExpired) journey.Call.Group.Saw(reply.Token);
        switch (reply.Kind)
        {
            case ReplyKind.Redirected:
                journey.Progress.OnRedirected(attempt.Silo, reply.View, now);
                break;
            case ReplyKind.Refused or ReplyKind.NotTaken: // of this copy both say that it was not executed
                journey.Progress.OnRefused(attempt.Silo, reply.Refusal, reply.Message, now);
                break;
            default:
                if (reply.Unreached) suspects.Suspect(attempt.Silo);
                if (reply.Unreached) journey.Progress.OnBroken(attempt.Silo, reply.Message, now);
                else journey.Progress.OnUnknown(attempt.Silo, reply.Message, now);
                break;
        }

        if (!reply.Unreached) Answered(journey.Call, attempt);
        Refresh(journey);
    }

    /// <summary>Uses what other calls have learned of the group meanwhile.</summary>
    private void Refresh(Journey journey)
    {
        if (journey.Call.Group.Routes is { } routes) journey.Progress.OnView(routes.View);
        if (journey.Progress.View is { } view && journey.Routes?.View != view)
            journey.Routes = journey.Call.Group.Routes is { } shared && shared.View == view ? shared : sender.RoutesOf(view);
    }

    private void SendNext(Journey journey, SiloAddress silo, TimeSpan now)
    {
        Refresh(journey);
        var direct = journey.Call.SilentDirect is null && !(detours.Possible && detours.Active);
        var patience = direct ? times.Patience(journey.Progress.Target(silo).Attempts) : sender.RelayPatience(journey.Detoured++);
        var key = direct ? null : detours.Key;
        var route = journey.Routes!.Of(silo) ?? sender.RouteTo(journey.Call.Group.Id, silo);
        var reply = sender.Send(journey.Call, route, key, patience);
        reply.Ignore(); // it may be left behind when another attempt is answered first
        journey.Attempts.Add(new Attempt(reply, silo, key, now + patience));
        journey.Progress.OnSent(silo, now);
    }

    private async Task<GroupView?> ResolveAsync(Journey journey, long refusedVersion)
    {
        var detour = detours.Possible && (journey.ResolveWasSilent || journey.Call.SilentDirect is not null || detours.Active);
        var key = detour ? detours.Key : null;
        try
        {
            var view = await sender.Resolve(journey.Call.Group, refusedVersion, key).WaitAsync(times.Patience(journey.Progress.Resolved + 1), time);
            sender.LearnFromDirectory(journey.Call.Group, view);
            return view;
        }
        catch (Exception failure)
        {
            journey.LastFailure = failure;
            journey.ResolveWasSilent = failure is TimeoutException;
            if (key is not null && journey.ResolveWasSilent) detours.Failed(key);
            return null;
        }
    }

    private async Task WaitAsync(Journey journey, TimeSpan until, TimeSpan now)
    {
        if (journey.Resolving is null && journey.LastFailure is { } failure && !CallFailure.IsPassing(failure)) throw CallFailure.Lasting(failure);
        foreach (var attempt in journey.Attempts)
        {
            if (!attempt.WasSilent && attempt.PatienceEnd < until) until = attempt.PatienceEnd;
        }

        var pause = until > now ? until - now : TimeSpan.FromMilliseconds(1);
        List<Task> events = [.. journey.Attempts.Select(attempt => attempt.Reply)];
        if (journey.Resolving is not null) events.Add(journey.Resolving);
        var next = events.Count == 0 ? Task.Delay(pause, time, journey.Call.Cancellation) : Task.WhenAny(events).WaitAsync(pause, time, journey.Call.Cancellation);
        await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private void SuspectKnown(Journey journey)
    {
        if (!suspects.Any || journey.Routes is null) return;
        foreach (var replica in journey.Routes.View.Replicas)
        {
            if (replica.Callable is { } silo && suspects.IsSuspect(silo)) journey.Progress.OnSuspect(silo);
        }
    }
}
