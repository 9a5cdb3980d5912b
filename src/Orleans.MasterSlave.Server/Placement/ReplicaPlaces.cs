using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Replicas;
using Orleans.Metadata;

namespace Orleans.MasterSlave.Placement;

/// <summary>Where replicas of one group can live, by the nodes that run and the classes that their silos say they have. Thread-safe.</summary>
internal sealed class ReplicaPlaces(GroupId group, NodeDirectory nodes, IClusterManifestProvider manifests) : IReplicaPlaces
{
    private volatile Count? _wanted;

    /// <summary>By the class of this silo, if it has it: in a rolling upgrade versions may want different numbers.</summary>
    public int Wanted
    {
        get
        {
            var current = manifests.Current;
            if (_wanted is { } known && ReferenceEquals(known.By, current)) return known.Wanted;
            var counted = new Count(current, Properties?.ReplicaCount ?? 0);
            _wanted = counted;
            return counted.Wanted;
        }
    }

    public ReplicatedGrainProperties? Properties => ReplicatedGrainProperties.Find(manifests, group.Grain.Type);

    /// <summary>Every node that runs and has the class, with its zone.</summary>
    public IReadOnlyList<(NodeId Node, string Zone)> All => [.. nodes.Nodes().Where(n => StateOf(n.Node) == PlaceState.Fits)];

    /// <summary>A silo runs of which it is not known yet whether it has the class.</summary>
    public bool AnyNotKnown => nodes.Nodes().Any(n => StateOf(n.Node) == PlaceState.ManifestNotKnown);

    public PlaceState StateOf(NodeId node)
    {
        var at = nodes.AddressOf(node);
        return PlaceStates.Of(at, at.Silo is { } silo ? manifests.Current.Silos.GetValueOrDefault(silo) : null, group.Grain.Type);
    }

    public NodeId? Another(IReadOnlyCollection<NodeId> taken) => GroupPolicy.ChooseAnother(group, All, taken);

    private sealed record Count(ClusterManifest By, int Wanted);
}
