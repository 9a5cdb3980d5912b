using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// Decides where a call goes next. Pure: facts and a time in, a decision out.
/// </summary>
/// <remarks>
/// An operation goes to the master. While the master is silent, the other replicas are sent it too: one that was promoted executes it, one that was not
/// answers with what it knows, and is thereby awake to compete. A silent master is asked again, more and more seldom; its late answer still counts.
/// A read goes to one replica after the other.
/// </remarks>
internal static class ClientPolicy
{
    public static ClientDecision Next(CallProgress call, TimeSpan now)
    {
        if (call.IsFinal || now >= call.Times.Call) return new(ClientStep.GiveUp);

        var wake = call.Times.Call;
        if (call.View is null) return ResolveOr(call, now, wake);
        if (NobodyServes(call, call.View)) return new(ClientStep.GiveUp);
        if (call.RunningAt is { } running && call.Target(running) is { Waiting: false } slow)
            return now >= slow.NextTry ? Send(running) : new(ClientStep.Wait, Until: Earlier(wake, slow.NextTry));

        var decision = call.Kind == CallKind.ReadAny ? NextReader(call, now, ref wake) : NextForMaster(call, now, ref wake);
        return decision ?? ResolveOr(call, now, wake);
    }

    /// <summary>Each replica has said that it serves nothing before an operator has looked: waiting helps nobody.</summary>
    private static bool NobodyServes(CallProgress call, GroupView view)
    {
        foreach (var replica in view.Replicas)
        {
            if (replica.Callable is not { } silo || !call.Target(silo).OutOfService) return false;
        }

        return view.Replicas.Length > 0;
    }

    private static ClientDecision? NextForMaster(CallProgress call, TimeSpan now, ref TimeSpan wake)
    {
        var view = call.View!;
        var master = call.OnlySilo ?? SiloOf(view, view.Master);
        if (master is not null)
        {
            var target = call.Target(master);
            if (target.Fresh) return Send(master);
            if (HoldsUp(target, now)) return new(ClientStep.Wait, Until: Earlier(wake, target.PatienceEnd));
            if (call.OnlySilo is not null || OnlyItsWordCounts(call, target, now))
            {
                var others = call.OnlySilo is null ? call.AskOthersAt : TimeSpan.MaxValue;
                return now >= target.NextTry ? Send(master) : new(ClientStep.Wait, Until: Earlier(wake, Earlier(target.NextTry, others)));
            }
        }

        foreach (var replica in view.Replicas)
        {
            if (replica.Callable is { } silo && !silo.Equals(master) && IsDue(call.Target(silo), now, ref wake)) return Send(silo);
        }

        return master is not null && IsDue(call.Target(master), now, ref wake) ? Send(master) : null;
    }

    /// <summary>
    /// A master that says that it cannot take the call just now is asked again; but not it alone for long, and not when it falls silent: it may have died since, or another
    /// may have been elected.
    /// </summary>
    private static bool OnlyItsWordCounts(CallProgress call, TargetProgress master, TimeSpan now) =>
        call.MasterIsBusy && now < call.AskOthersAt && !(master.Waiting && now >= master.PatienceEnd);

    private static ClientDecision? NextReader(CallProgress call, TimeSpan now, ref TimeSpan wake)
    {
        var view = call.View!;
        var count = view.Replicas.Length;
        SiloAddress? fresh = null, due = null;
        for (var pass = 0; pass < 3; pass++) // the master when it is preferred; the in-sync replicas in turn; the others
        {
            for (var i = 0; i < count; i++)
            {
                var replica = view.Replicas[(int)(((uint)call.Turn + (uint)i) % (uint)count)];
                if (replica.Callable is not { } silo) continue;
                if (pass == 0 && !(call.PreferMaster && replica.Node == view.Master)) continue;
                if (pass == 1 && !replica.InSync) continue;

                var target = call.Target(silo);
                if (HoldsUp(target, now)) return new(ClientStep.Wait, Until: Earlier(wake, target.PatienceEnd));
                if (!target.Open && call.IsHedged && now < call.HedgeAgainAt) wake = Earlier(wake, call.HedgeAgainAt);
                else if (target.Fresh) fresh ??= silo;
                else if (IsDue(target, now, ref wake)) due ??= silo;
            }
        }

        return (fresh ?? due) is { } next ? Send(next) : null;
    }

    private static ClientDecision ResolveOr(CallProgress call, TimeSpan now, TimeSpan wake)
    {
        if (call.Resolving) return new(ClientStep.Wait, Until: wake);
        if (call.Resolved == 0 && call.View is { } view)
        {
            // The replicas know sooner than the store: first hear all of them.
            foreach (var replica in view.Replicas)
            {
                if (replica.Callable is { } silo && HoldsUp(call.Target(silo), now)) return new(ClientStep.Wait, Until: Earlier(wake, call.Target(silo).PatienceEnd));
            }
        }

        if (now >= call.NextResolve) return new(ClientStep.Resolve, RefusedVersion: call.View?.Version ?? -1);
        return new(ClientStep.Wait, Until: Earlier(wake, call.NextResolve));
    }

    /// <summary>Is its first answer still to be expected?</summary>
    private static bool HoldsUp(TargetProgress target, TimeSpan now) => target.Waiting && !target.Suspect && now < target.PatienceEnd;

    /// <summary>May it be asked now? If not, wake when it may.</summary>
    private static bool IsDue(TargetProgress target, TimeSpan now, ref TimeSpan wake)
    {
        if (target.Fresh || now >= target.NextTry) return true;
        wake = Earlier(wake, target.NextTry);
        return false;
    }

    private static SiloAddress? SiloOf(GroupView view, NodeId node)
    {
        foreach (var replica in view.Replicas)
        {
            if (replica.Node == node) return replica.Callable;
        }

        return null;
    }

    private static ClientDecision Send(SiloAddress silo) => new(ClientStep.Send, silo);

    private static TimeSpan Earlier(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
