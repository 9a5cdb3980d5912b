using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Placement;

/// <summary>
/// What a relay does with a call: sends it on, within its caller's patience, or says why not, and what its silo knows of the replica's
/// (V1, V3).
/// </summary>
internal sealed class CallCarrier(IReachability reach, SiloAddress local, TimeProvider time)
{
    public async Task<CallReply> CarryAsync(SiloAddress to, Func<Task<CallReply>> send, TimeSpan patience)
    {
        if (reach.Of(to) is var known and (Reach.Gone or Reach.Unheard)) return Own(ReplyKind.NotTaken, known, "not sent, for its silo is not heard");
        var call = send();
        try
        {
            await WaitAsync(call, to, patience);
            if (call.IsCompleted) return (await call).By(local);
        }
        catch (Exception failure) when (failure is not MasterSlaveException)
        {
            return Own(ReplyKind.Unknown, reach.Of(to), failure.Message);
        }

        call.Ignore();
        return Own(ReplyKind.Unknown, reach.Of(to), "it did not come in time");
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
