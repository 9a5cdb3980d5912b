using Orleans.MasterSlave.Node;
using Orleans.Metadata;

namespace Orleans.MasterSlave.Placement;

/// <summary>Tells groups that have too few replicas when nodes, or the classes of their silos, have come or gone (G8). Looked at now and then.</summary>
internal sealed class PlaceWatch(NodeDirectory nodes, IClusterManifestProvider manifests, Action changed)
{
    private object? _nodes;
    private object? _manifest;

    public void Look()
    {
        var (known, manifest) = (nodes.Known, manifests.Current);
        if (ReferenceEquals(known, _nodes) && ReferenceEquals(manifest, _manifest)) return;
        (_nodes, _manifest) = (known, manifest);
        changed();
    }
}
