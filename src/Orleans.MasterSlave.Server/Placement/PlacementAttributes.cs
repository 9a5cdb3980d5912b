using Orleans.Metadata;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Placement;

/// <summary>One grain on each silo: its key is the silo's <see cref="SiloAddress.ToParsableString"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PinnedToSiloAttribute : Attribute, IGrainPropertiesProviderAttribute
{
    public const string Directory = "masterslave.silo-key";

    public void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        properties[WellKnownGrainTypeProperties.GrainDirectory] = Directory;
        properties[WellKnownGrainTypeProperties.PlacementStrategy] = nameof(MasterSlaveSiloKeyPlacement);
    }
}

/// <summary>Every id of this grain lives on the silo that asks for it: for a client, on the gateway that receives its call (G9).</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class LocalToCallerAttribute : Attribute, IGrainPropertiesProviderAttribute
{
    public const string Directory = "masterslave.local";

    public void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        properties[WellKnownGrainTypeProperties.GrainDirectory] = Directory;
        properties[WellKnownGrainTypeProperties.PlacementStrategy] = nameof(MasterSlaveLocalPlacement);
    }
}
