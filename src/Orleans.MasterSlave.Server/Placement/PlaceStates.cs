using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replicas;
using Orleans.Metadata;

namespace Orleans.MasterSlave.Placement;

/// <summary>Can a replica live there: the decision, without I/O (G2).</summary>
internal static class PlaceStates
{
    /// <param name="at">Where the node runs, or ran last.</param>
    /// <param name="manifest">What that silo says of its classes; null: it has not come yet. It comes after membership.</param>
    /// <param name="type">The grain's type.</param>
    public static PlaceState Of(NodeAddress at, GrainManifest? manifest, GrainType type)
    {
        if (at.Silo is null) return PlaceState.UnknownNode;
        if (at.IsDown) return PlaceState.Down;
        if (manifest is null) return PlaceState.ManifestNotKnown;
        if (!manifest.Grains.TryGetValue(type, out var properties)) return PlaceState.NoClass;
        return ReplicatedGrainProperties.Read(properties) is null ? PlaceState.PlainClass : PlaceState.Fits;
    }
}
