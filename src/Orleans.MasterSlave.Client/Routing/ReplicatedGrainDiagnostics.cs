using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

internal sealed class ReplicatedGrainDiagnostics(
    ClientGroups groups, AttemptSender sender, DirectWays directWays, Relays relays, ClientTimes times, IGrainFactory factory, TimeProvider time)
    : IReplicatedGrainDiagnostics
{
    public async Task<IReadOnlyList<ReplicaInfo>> GetReplicasAsync(IAddressable grain)
    {
        var group = groups.Enter(grain.GetGrainId());
        try
        {
            var known = group.Routes?.View ?? await ResolveAsync(group, -1);
            var view = await ResolveAsync(group, known.Version);
            view = known.WithNewsOf(view);
            sender.LearnFromDirectory(group, view);
            return [.. view.Replicas.Select(replica =>
                new ReplicaInfo(replica.Node.Value, replica.Silo, replica.InSync, replica.Node == view.Master, view.Epoch.Value))];
        }
        finally
        {
            group.Leave();
        }
    }

    public Task<T> ReadFromAsync<T>(SiloAddress silo, Func<Task<T>> read)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(read);
        return DiagnosticReadScope.RunAsync(silo, read);
    }

    public async Task<IReadOnlyList<SnapshotOutcome>> TakeSnapshotsAsync(IAddressable grain, TimeSpan limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero);
        var replicas = await GetReplicasAsync(grain);
        return await Task.WhenAll(replicas.Select(replica => TakeSnapshotAsync(new GroupId(ReplicaKey.GroupOf(grain.GetGrainId())), replica, limit)));
    }

    private async Task<SnapshotOutcome> TakeSnapshotAsync(GroupId group, ReplicaInfo replica, TimeSpan limit)
    {
        if (replica.Silo is null) return new SnapshotOutcome(replica, IsDurable: false, "Its node is not known to run.");
        try
        {
            await factory.GetGrain<IReplicaEndpoint>(ReplicaGrainId.Create(group, replica.Silo)).SnapshotAsync().WaitAsync(limit, time);
            return new SnapshotOutcome(replica, IsDurable: true, Reason: null);
        }
        catch (Exception e)
        {
            return new SnapshotOutcome(replica, IsDurable: false, $"{e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>
    /// A gateway that died leaves a question without an answer for as long as Orleans waits, and whoever asks again meanwhile joins it:
    /// so it is asked by other ways, as a call would be.
    /// </summary>
    private async Task<GroupView> ResolveAsync(ClientGroup group, long refusedVersion)
    {
        var start = time.GetTimestamp();
        var tried = new Dictionary<SiloAddress, int>();
        for (var attempt = 0; ; attempt++)
        {
            RelayKey? relay = directWays.RelaysPossible && (attempt > 0 || directWays.AnySilent) ? relays.KeyTo(null, tried) : null;
            if (relay?.Silo is { } at) tried[at] = tried.GetValueOrDefault(at) + 1;
            try
            {
                return await sender.Resolve(group, refusedVersion, relay?.Key).WaitAsync(times.Patience(attempt), time);
            }
            catch (TimeoutException) when (time.GetElapsedTime(start) < times.Call)
            {
                if (relay is not null) relays.Silent(relay.Value.Key); // it may be answered after all, or not
            }
        }
    }
}
