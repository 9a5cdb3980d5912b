using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// The long way of a call: a view is missing, or the first attempt was not answered. Does what <see cref="ClientPolicy"/> decides.
/// </summary>
internal sealed partial class CallRerouter(
    AttemptSender sender, ReadQuestions questions, DirectWays directWays, Relays relays, RelayScout scout, SuspectSilos suspects, GoneSilos gone,
    ClientTimes times, TimeProvider time, ILogger<CallRerouter> logger)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(1); // timers count in these: a shorter one ends at once, and the call would spin

    public async ValueTask<CallReply> RerouteAsync(RoutedCall call, GroupRoutes? routes, Attempt? first)
    {
        var journey = new Journey(call) { Routes = routes ?? call.Group.Routes };
        Refresh(journey);
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
                if (!attempt.WasSilent && !questions.IsAwaited(journey, attempt, now)) Silent(journey, attempt, now);
                continue;
            }

            journey.Attempts.RemoveAt(i--);
            if (!attempt.Reply.IsCompletedSuccessfully)
            {
                Broken(journey, attempt, now);
                continue;
            }

            var reply = attempt.Reply.Result;
            ByRelay(journey, attempt, reply);
            if (reply.Kind == ReplyKind.Answered)
            {
                Answered(journey, attempt, reply);
                sender.Learn(journey.Call.Group, reply.View);
                return reply;
            }

            Declined(journey, attempt, reply, now);
        }

        if (journey.Resolving is { IsCompleted: true } resolved)
        {
            journey.Resolving = null;
            journey.Progress.OnResolved(resolved.Result, now);
            Refresh(journey);
        }

        return null;
    }

    private void ByRelay(Journey journey, Attempt attempt, CallReply reply)
    {
        if (attempt.Key is not { } key || reply.Relay is not { } relay) return;
        relays.Answered(key, relay);
        var tried = journey.Tried(attempt.Silo).Relays;
        if (reply.Unanswered is null) tried.Remove(relay);
        else tried.TryAdd(relay, 1);
    }

    /// <summary>The replica itself answered.</summary>
    private void Answered(Journey journey, Attempt attempt, CallReply reply)
    {
        suspects.Clear(attempt.Silo);
        journey.BrokenAt.Remove(attempt.Silo);
        if (attempt.Key is null)
        {
            directWays.Answered(journey.Call.Group.Path, attempt.Silo);
            return;
        }

        if (reply.Relay is { } relay) relays.Reached(relay, attempt.Silo);
        if (journey.Tried(attempt.Silo).SilentDirect is { } direct) _ = directWays.ConfirmSilentAsync(direct.Reply, journey.Call.Group.Path, attempt.Silo);
    }

    private void Silent(Journey journey, Attempt attempt, TimeSpan now)
    {
        attempt.WasSilent = true;
        if (attempt.Key is not null)
        {
            relays.Silent(attempt.Key);
            scout.SendOut();
            journey.Progress.OnWayFailed(attempt.Silo, null, now);
        }
        else if (directWays.RelaysPossible) DirectFailed(journey, attempt);
        else suspects.Suspect(attempt.Silo);
    }

    private void DirectFailed(Journey journey, Attempt attempt)
    {
        scout.SendOut();
        journey.Tried(attempt.Silo).SilentDirect ??= attempt;
        journey.DirectWasSilent = true;
    }

    private void Broken(Journey journey, Attempt attempt, TimeSpan now)
    {
        journey.LastFailure = attempt.Reply.Exception?.InnerException ?? new OperationCanceledException();
        if (!CallFailure.IsPassing(journey.LastFailure))
        {
            if (EndsTheCall(journey, attempt.Silo)) throw CallFailure.Lasting(journey.LastFailure);
            journey.Progress.OnNotSent(); // it did not come as far as the grain there
            journey.Progress.OnBroken(attempt.Silo, journey.LastFailure.Message, now);
            return;
        }

        journey.BrokenAt.Add(attempt.Silo);
        if (attempt.Key is not null)
        {
            relays.Silent(attempt.Key); // a relay reports what it could not carry: what it does not report is its gateway's
            WayFailed(journey, attempt.Silo, journey.LastFailure.Message, now);
            return;
        }

        if (directWays.RelaysPossible) DirectFailed(journey, attempt);
        else if (journey.LastFailure is SiloUnavailableException) suspects.Suspect(attempt.Silo);
        journey.Progress.OnBroken(attempt.Silo, journey.LastFailure.Message, now);
    }

    /// <summary>
    /// What fails for good at one replica may be answered by another: a read by any, whatever needs the master by none.
    /// </summary>
    private static bool EndsTheCall(Journey journey, SiloAddress silo)
    {
        journey.FailsAt.Add(silo);
        if (journey.Progress.View is not { } view || journey.Call.OnlySilo is not null) return true;
        return journey.Call.Kind == CallKind.ReadAny
            ? view.Replicas.All(replica => replica.Callable is not { } other || journey.FailsAt.Contains(other))
            : view.Replicas.Any(replica => replica.Node == view.Master && silo.Equals(replica.Silo));
    }

    private void WayFailed(Journey journey, SiloAddress silo, string? message, TimeSpan now)
    {
        scout.SendOut();
        journey.Progress.OnWayFailed(silo, message, now + times.Backoff(journey.Tried(silo).Failures++));
    }

    private void Declined(Journey journey, Attempt attempt, CallReply reply, TimeSpan now)
    {
        if (reply.Unanswered is { } reach)
        {
            NotCarried(journey, attempt, reply, reach, now);
            return;
        }

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
                journey.Progress.OnUnknown(attempt.Silo, reply.Message, now);
                break;
        }

        Answered(journey, attempt, reply);
        Refresh(journey);
    }

    /// <summary>
    /// The relay's own word. What it says of the replica's silo goes for the two of them only: the relay's silo may be the one that is
    /// cut off.
    /// </summary>
    private void NotCarried(Journey journey, Attempt attempt, CallReply reply, Reach reach, TimeSpan now)
    {
        if (reply.Kind == ReplyKind.NotTaken) journey.Progress.OnNotSent();
        switch (reach)
        {
            case Reach.Heard when reply.IsRunning:
                journey.Tried(attempt.Silo).IsSlow();
                journey.Progress.OnRunning(attempt.Silo, now);
                break;
            case Reach.Heard:
                journey.Tried(attempt.Silo).IsSlow();
                journey.Progress.OnUnheardOf(attempt.Silo, reply.Message, now);
                break;
            case Reach.Gone:
                gone.Learn(attempt.Silo);
                sender.Learn(journey.Call.Group, journey.Progress.View);
                WayFailed(journey, attempt.Silo, reply.Message, now);
                if (journey.Call.OnlySilo is not null) journey.Progress.OnNobodyElse(); // a diagnostic read: there is no other replica to ask
                Refresh(journey);
                break;
            default:
                if (relays.CouldNotReach(reply.Relay!, attempt.Silo)) suspects.Suspect(attempt.Silo);
                WayFailed(journey, attempt.Silo, reply.Message, now);
                break;
        }
    }

    /// <summary>Uses what other calls have learned of the group meanwhile, and of silos that are gone.</summary>
    private void Refresh(Journey journey)
    {
        if ((journey.Call.Group.Routes ?? journey.Routes)?.View is { } shared) journey.Progress.OnView(gone.Mark(shared));
        if (journey.Progress.View is { } view && journey.Routes?.View != view)
            journey.Routes = journey.Call.Group.Routes is { } routes && routes.View == view ? routes : sender.RoutesOf(view);
    }

    private void SendNext(Journey journey, SiloAddress silo, TimeSpan now)
    {
        Refresh(journey);
        var (group, tried) = (journey.Call.Group, journey.Tried(silo));
        var route = journey.Routes!.Of(silo) ?? sender.RouteTo(group.Id, silo);
        var way = journey.DirectWasSilent ? Way.Relay : directWays.WayTo(group.Path, silo);
        if (way != Way.Direct && tried.NextIsDirect()) way = Way.Direct;
        RelayKey? relay = way == Way.Direct ? null : relays.KeyTo(silo, tried.Relays);
        if (relay?.Silo is { } at) tried.Relays[at] = tried.Relays.GetValueOrDefault(at) + 1;
        var attempts = journey.Progress.Target(silo).Attempts;
        var patience = relay is null && tried.SilentDirect is null ? times.Patience(attempts) : tried.Patience(times, attempts);
        journey.Call.Broken = journey.BrokenBeside(silo);
        var reply = sender.Send(journey.Call, route, relay?.Key, patience);
        reply.Ignore(); // it may be left behind when another attempt is answered first
        if (way == Way.RelayAndPing) _ = PingAsync(group, route);
        journey.Attempts.Add(new Attempt(reply, silo, relay?.Key, now + patience));
        journey.Progress.OnSent(silo, now, patience);
    }

    private async Task PingAsync(ClientGroup group, ReplicaRoute route)
    {
        if (await sender.PingAsync(group, route)) directWays.Answered(group.Path, route.Silo);
    }

    private async Task<GroupView?> ResolveAsync(Journey journey, long refusedVersion)
    {
        RelayKey? relay = directWays.RelaysPossible && (journey.ResolveWasSilent || journey.DirectWasSilent || directWays.AnySilent) ? relays.KeyTo(null, journey.AskedBy) : null;
        if (relay?.Silo is { } at) journey.AskedBy[at] = journey.AskedBy.GetValueOrDefault(at) + 1;
        try
        {
            var view = await sender.Resolve(journey.Call.Group, refusedVersion, relay?.Key).WaitAsync(times.Patience(journey.Progress.Resolved + 1), time);
            if (relay?.Silo is { } answered) journey.AskedBy.Remove(answered);
            sender.LearnFromDirectory(journey.Call.Group, view);
            journey.LookupFailure = null;
            return view;
        }
        catch (Exception failure)
        {
            journey.LastFailure = journey.LookupFailure = failure;
            journey.ResolveWasSilent = failure is TimeoutException;
            if (relay is not null && journey.ResolveWasSilent) relays.Silent(relay.Value.Key);
            return null;
        }
    }

    private async Task WaitAsync(Journey journey, TimeSpan until, TimeSpan now)
    {
        if (journey.Resolving is null && journey.LookupFailure is { } failure && !CallFailure.IsPassing(failure)) throw CallFailure.Lasting(failure);
        foreach (var attempt in journey.Attempts)
        {
            if (!attempt.WasSilent && attempt.PatienceEnd < until) until = attempt.PatienceEnd;
        }

        var pause = until - now > ShortestPause ? until - now : ShortestPause;
        List<Task> events = [.. journey.Attempts.Select(attempt => attempt.Reply)];
        events.AddRange(journey.Attempts.Select(attempt => attempt.Question).Where(question => question is { IsCompleted: false })!);
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
