using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Orleans.GrainDirectory;
using Orleans.Metadata;
using Orleans.Runtime.GrainDirectory;
using Orleans.Runtime.Placement;

namespace Orleans.MasterSlave.Placement;

/// <summary>
/// Directory and placement of replicated grain types. Orleans keeps what is found for a type as long as the process lives, and would take it
/// from the first silo's manifest that has the type: in a rolling upgrade perhaps from one where it is not replicated yet. Here this
/// silo's own class decides.
/// </summary>
internal sealed class ReplicatedTypeResolver(IServiceProvider services) : IPlacementStrategyResolver, IGrainDirectoryResolver
{
    private readonly MasterSlavePinnedPlacement _placement = new();
    private readonly Lazy<ComputedGrainDirectory> _directory = new(() => new(services.GetRequiredService<ReplicaSiloRule>()));

    public bool TryResolvePlacementStrategy(GrainType grainType, GrainProperties? properties, [MaybeNullWhen(false)] out PlacementStrategy result)
    {
        result = _placement;
        return IsReplicated(grainType);
    }

    public bool TryResolveGrainDirectory(GrainType grainType, GrainProperties? properties, [NotNullWhen(true)] out IGrainDirectory? grainDirectory)
    {
        grainDirectory = IsReplicated(grainType) ? _directory.Value : null;
        return grainDirectory is not null;
    }

    private bool IsReplicated(GrainType type) => ReplicatedGrainProperties.Find(services.GetRequiredService<IClusterManifestProvider>(), type) is not null;
}
