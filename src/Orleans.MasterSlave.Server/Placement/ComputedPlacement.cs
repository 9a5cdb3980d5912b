using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Orleans.MasterSlave.Placement;

/// <summary>Placement of replicas. Orleans looks strategies up by class name: <see cref="ReplicatedGrainProperties.PinnedPlacement"/>.</summary>
internal sealed class MasterSlavePinnedPlacement : PlacementStrategy;

/// <summary>Placement of <see cref="PinnedToSiloAttribute"/>.</summary>
internal sealed class MasterSlaveSiloKeyPlacement : PlacementStrategy;

/// <summary>Placement of <see cref="LocalToCallerAttribute"/>.</summary>
internal sealed class MasterSlaveLocalPlacement : PlacementStrategy;

/// <summary>Asked when the directory's answer was a silo that membership calls dead, so that it must not be placed elsewhere.</summary>
internal sealed class ComputedPlacementDirector(SiloRule rule) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silo = rule.SiloOf(target.GrainIdentity);
        if (silo.Equals(context.LocalSilo) || context.GetCompatibleSilos(target).Contains(silo)) return Task.FromResult(silo);
        throw new SiloUnavailableException($"{target.GrainIdentity} lives on {silo}, which is not alive.");
    }
}
