using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Orleans.MasterSlave.Placement;

/// <summary>
/// Placement of replicas. Orleans looks strategies up by class name: <see cref="ReplicatedGrainProperties.PinnedPlacement"/>.
/// </summary>
internal sealed class MasterSlavePinnedPlacement : PlacementStrategy;

/// <summary>Placement of <see cref="PinnedToSiloAttribute"/>.</summary>
internal sealed class MasterSlaveSiloKeyPlacement : PlacementStrategy;

/// <summary>Placement of <see cref="LocalToCallerAttribute"/>.</summary>
internal sealed class MasterSlaveLocalPlacement : PlacementStrategy;

/// <summary>
/// Asked when the directory's answer was a silo that membership calls dead. It is the only place for that id all the same: Orleans then
/// rejects the message, in one line, because the silo is dead.
/// An exception here would be retried by Orleans, and logged with its stack trace each time.
/// </summary>
internal sealed class ComputedPlacementDirector(SiloRule rule) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context) => Task.FromResult(rule.SiloOf(target.GrainIdentity));
}
