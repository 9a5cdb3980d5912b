using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

internal sealed class ReplicatedGrainDiagnostics(ClientGroups groups, AttemptSender sender) : IReplicatedGrainDiagnostics
{
    public async Task<IReadOnlyList<ReplicaInfo>> GetReplicasAsync(IAddressable grain)
    {
        var group = groups.Enter(ReplicaKey.GroupOf(grain.GetGrainId()));
        try
        {
            var known = group.Routes?.View ?? await sender.Resolve(group, -1, null);
            var view = await sender.Resolve(group, known.Version, null);
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
}
