using System.Collections.Immutable;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Simulated.Nodes;

namespace Orleans.MasterSlave.Simulated.Network;

/// <summary>Asks every other node that runs whether it holds data of a group (I4).</summary>
internal sealed class SimDataSearch(SimCluster cluster, SimSilo self, int group, TimeProvider time) : IDataSearch
{
    public async Task<DataFound> AskAllAsync()
    {
        var others = cluster.Nodes.Where(n => n.IsRunning && n.Index != self.Index).ToList();
        var replies = await Task.WhenAll(others.Select(AskAsync));
        return new DataFound(Those(true), Those(null));

        ImmutableArray<string> Those(bool? holds) => [.. others.Where((_, i) => replies[i] == holds).Select(n => $"{SimIds.Node(n.Index)}")];
    }

    private async Task<bool?> AskAsync(SimNode node)
    {
        try
        {
            return await cluster.Network.CallAsync(self.Index, self.Lane, node.Index, this, silo => Task.FromResult(silo.HoldsDataOf(group)))
                .WaitAsync(FoundingPolicy.AnswerTimeout, time);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            return null;
        }
    }
}
