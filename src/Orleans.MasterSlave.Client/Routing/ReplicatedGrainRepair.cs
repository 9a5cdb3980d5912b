using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>Asks replica after replica until the master answers.</summary>
internal sealed class ReplicatedGrainRepair(IReplicatedGrainDiagnostics diagnostics, IGrainFactory factory, ClientTimes times, TimeProvider time) : IReplicatedGrainRepair
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>A skip waits for disks and slaves.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task<StoppedOperation?> FindStoppedAsync(IAddressable grain)
    {
        var reply = await AskAsync(grain, new SkipRequest(), r => r.IsServing || r.Stopped != LogPosition.None);
        return reply.Stopped == LogPosition.None ? null : new StoppedOperation(reply.Stopped.Epoch.Value, reply.Stopped.Index.Value, reply.Reason ?? "");
    }

    public async Task SkipAsync(IAddressable grain, StoppedOperation operation, bool evenIfUnheard = false)
    {
        ArgumentNullException.ThrowIfNull(operation);
        var entry = new LogPosition(new Epoch(operation.Epoch), new LogIndex(operation.Index));
        var request = new SkipRequest { Entry = entry, EvenIfUnheard = evenIfUnheard };
        var reply = await AskAsync(grain, request, r => r.IsSkipped || r.IsServing || r.Stopped != LogPosition.None);
        if (!reply.IsSkipped && reply.Stopped != LogPosition.None) throw new GroupStoppedException(reply.Reason ?? $"It is stopped at {reply.Stopped}.");
    }

    private async Task<SkipReply> AskAsync(IAddressable grain, SkipRequest request, Func<SkipReply, bool> isWord)
    {
        ArgumentNullException.ThrowIfNull(grain);
        var group = new GroupId(ReplicaKey.GroupOf(grain.GetGrainId()));
        var began = time.GetTimestamp();
        Exception? failure = null;
        do
        {
            foreach (var replica in (await diagnostics.GetReplicasAsync(grain)).OrderByDescending(r => r.IsMaster))
            {
                if (replica.Silo is not { } silo) continue;
                try
                {
                    var endpoint = factory.GetGrain<IReplicaEndpoint>(ReplicaGrainId.Create(group, silo));
                    var reply = await endpoint.SkipAsync(request).WaitAsync(Patience, time);
                    if (reply.IsMaster && isWord(reply)) return reply;
                }
                catch (Exception e) when (CallFailure.IsPassing(e))
                {
                    failure = e;
                }
            }

            await Task.Delay(Pause, time);
        }
        while (time.GetElapsedTime(began) < times.Call);

        throw new ReplicaUnavailableException($"{group}: no master answered within {times.Call}.", failure);
    }
}
