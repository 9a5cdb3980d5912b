using System.Globalization;
using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime;

namespace Orleans.MasterSlave;

/// <summary>The grain properties in the cluster manifest that tell clients and silos of a replicated grain type.</summary>
internal sealed record ReplicatedGrainProperties(ReplicationMode ReplicationMode, int ReplicaCount, int MinInSync, ReadPreference Preference)
{
    /// <summary>The marker: every grain type that carries it is ours.</summary>
    public const string Marker = "masterslave.replicated";
    public const string Mode = "masterslave.mode";
    public const string Replicas = "masterslave.replicas";
    public const string MinInSyncReplicas = "masterslave.min-in-sync";
    public const string ReadPreference = "masterslave.read-preference";

    /// <summary>Name of the grain directory that computes a replica's silo from its id.</summary>
    public const string PinnedDirectory = "masterslave.pinned";

    /// <summary>Name of the placement strategy that does the same. Orleans looks strategies up by the name of their class.</summary>
    public const string PinnedPlacement = "MasterSlavePinnedPlacement";

    /// <summary>
    /// The properties by which a grain type is to be treated in this process: those of its own class, if it has one; else those of any silo
    /// where it is replicated. In a rolling upgrade silos differ. Null: it is not replicated here.
    /// </summary>
    public static ReplicatedGrainProperties? Find(IClusterManifestProvider manifests, GrainType type)
    {
        if (manifests.LocalGrainManifest is { } own && own.Grains.TryGetValue(type, out var local)) return Read(local);
        foreach (var manifest in manifests.Current.AllGrainManifests)
        {
            if (manifest.Grains.TryGetValue(type, out var properties) && Read(properties) is { } replicated) return replicated;
        }

        return null;
    }

    /// <summary>Reads the properties back; null when the grain type is not replicated.</summary>
    public static ReplicatedGrainProperties? Read(GrainProperties properties)
    {
        var values = properties.Properties;
        if (!values.ContainsKey(Marker)) return null;
        return new(
            values.TryGetValue(Mode, out var mode) && Enum.TryParse<ReplicationMode>(mode, out var parsedMode) ? parsedMode : ReplicationMode.Synchronous,
            Number(Replicas, 2),
            Number(MinInSyncReplicas, 1),
            values.TryGetValue(ReadPreference, out var read) && Enum.TryParse<ReadPreference>(read, out var parsedRead) ? parsedRead : default);

        int Number(string key, int otherwise) =>
            values.TryGetValue(key, out var text) && int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
    }
}

/// <summary>Stands on the base class: directory, placement, and never collected or moved.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ReplicaPlacementAttribute : Attribute, IGrainPropertiesProviderAttribute
{
    public void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        ReplicaHosting.Demand(services, grainClass);
        properties[ReplicatedGrainProperties.Marker] = "true";
        properties[WellKnownGrainTypeProperties.GrainDirectory] = ReplicatedGrainProperties.PinnedDirectory;
        properties[WellKnownGrainTypeProperties.PlacementStrategy] = ReplicatedGrainProperties.PinnedPlacement;
        properties[WellKnownGrainTypeProperties.IdleDeactivationPeriod] = WellKnownGrainTypeProperties.IndefiniteIdleDeactivationPeriodValue;
        properties[WellKnownGrainTypeProperties.Immovable] = ((byte)ImmovableKind.Any).ToString(CultureInfo.InvariantCulture);
    }
}
