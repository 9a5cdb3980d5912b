using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Simulated.Nodes;

/// <summary>A group's replicas can live on the nodes of its plan, while they run.</summary>
internal sealed class SimPlaces(SimCluster cluster, SimGroup group) : IReplicaPlaces
{
    public int Wanted => group.Plan.Replicas.Length;

    public PlaceState StateOf(NodeId node) => cluster.Locate(node) switch
    {
        { Silo: null } => PlaceState.UnknownNode,
        { IsDown: true } => PlaceState.Down,
        _ => cluster.WithoutClass.Contains(node) ? PlaceState.NoClass : PlaceState.Fits,
    };

    public NodeId? Another(IReadOnlyCollection<NodeId> taken) =>
        group.Plan.Replicas.Where(n => !taken.Contains(n) && StateOf(n) == PlaceState.Fits).Select(n => (NodeId?)n).FirstOrDefault();
}
