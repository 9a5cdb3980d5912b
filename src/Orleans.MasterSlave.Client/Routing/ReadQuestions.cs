using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// A read that is not answered in time is not sent elsewhere before the replica was asked whether it executes it: a slow read would be
/// executed by one replica after the other, with all that it calls. As long as the answer is yes, the call waits.
/// </summary>
internal sealed class ReadQuestions(AttemptSender sender, ClientTimes times)
{
    /// <summary>True: the attempt is waited for, until its patience ends. False: nothing is heard of it.</summary>
    public bool IsAwaited(Journey journey, Attempt attempt, TimeSpan now)
    {
        if (attempt.Question is { IsCompletedSuccessfully: true, Result: true })
        {
            attempt.Question = null;
            WaitUntil(journey, attempt, now + times.Patience(attempt.Vouched++));
        }

        if (now < attempt.PatienceEnd) return true;
        // One that went by a relay is asked about by the relay: its word comes sooner than this silence.
        if (attempt.Question is not null || attempt.Key is not null) return false;
        if (journey.Call.Read is not { PositionOnly: false, Call.IsNone: false } read) return false;
        var limit = times.Attempt / 2;
        var route = journey.Routes?.Of(attempt.Silo) ?? sender.RouteTo(journey.Call.Group.Id, attempt.Silo);
        attempt.Question = sender.IsRunningAsync(read, route, limit);
        WaitUntil(journey, attempt, now + limit);
        return true;
    }

    private static void WaitUntil(Journey journey, Attempt attempt, TimeSpan end)
    {
        attempt.PatienceEnd = end;
        journey.Progress.OnAwaited(attempt.Silo, end);
    }
}
