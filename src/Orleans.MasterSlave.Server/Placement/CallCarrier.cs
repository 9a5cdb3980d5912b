using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Placement;

/// <summary>
/// What a relay does with a call: sends it on, within its caller's patience, or says why not, and what its silo knows of the replica's
/// (V1, V3).
/// </summary>
internal sealed class CallCarrier(IReachability reach, SiloAddress local, TimeProvider time)
{
    /// <summary>Of the patience, what is left for the question whether the replica executes the call.</summary>
    private const double QuestionShare = 0.2;

    /// <param name="to">The replica's silo.</param>
    /// <param name="send">Sends the call.</param>
    /// <param name="patience">How long its caller waits for this relay.</param>
    /// <param name="ask">Of a read: asks whether the replica executes it.</param>
    public async Task<CallReply> CarryAsync(SiloAddress to, Func<Task<CallReply>> send, TimeSpan patience, Func<Task<CallReply>>? ask = null)
    {
        if (reach.Of(to) is var known and (Reach.Gone or Reach.Unheard)) return Own(ReplyKind.NotTaken, known, "not sent, for its silo is not heard");
        var call = send();
        try
        {
            await WaitAsync(call, to, ask is null ? patience : patience * (1 - QuestionShare));
            if (!call.IsCompleted && ask is not null && await IsRunningAsync(call, ask(), patience * QuestionShare))
            {
                call.Ignore();
                return Own(ReplyKind.Unknown, Reach.Heard, "it executes the call").Running();
            }

            if (call.IsCompleted) return (await call).By(local);
        }
        catch (Exception failure) when (failure is not MasterSlaveException)
        {
            return Own(ReplyKind.Unknown, reach.Of(to), failure.Message);
        }

        call.Ignore();
        return Own(ReplyKind.Unknown, reach.Of(to), "it did not come in time");
    }

    private async Task<bool> IsRunningAsync(Task call, Task<CallReply> question, TimeSpan limit)
    {
        await ((Task)Task.WhenAny(call, question)).WaitAsync(limit, time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        question.Ignore();
        return !call.IsCompleted && question is { IsCompletedSuccessfully: true, Result.IsRunning: true };
    }

    /// <summary>
    /// Until the call has ended, the patience is over, or the replica's silo is known not to be heard: then nothing is to be expected.
    /// </summary>
    private async Task WaitAsync(Task call, SiloAddress to, TimeSpan patience)
    {
        var began = time.GetTimestamp();
        while (!call.IsCompleted && patience - time.GetElapsedTime(began) is { Ticks: > 0 } left && reach.Of(to) is Reach.Heard or Reach.Unknown)
            await call.WaitAsync(left < reach.Interval ? left : reach.Interval, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private CallReply Own(ReplyKind kind, Reach known, string why) => new()
    {
        Kind = kind,
        Unanswered = known,
        Relay = local,
        Message = $"The relay on {local} had no answer from the replica: {why}",
    };
}
