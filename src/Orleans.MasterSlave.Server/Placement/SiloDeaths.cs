using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Placement;

/// <summary>This silo's membership, as far as it tells that nobody will ever answer at an address. Thread-safe.</summary>
internal sealed class SiloDeaths(IClusterMembershipService membership) : ISiloDeaths
{
    public bool IsDead(SiloAddress silo) => membership.CurrentSnapshot.GetSiloStatus(silo) == SiloStatus.Dead;

    /// <summary>
    /// The same, and also when a later process has joined at the same endpoint: the earlier one may have left the table already, or is
    /// not yet declared dead.
    /// </summary>
    public bool IsDeadOrReplaced(SiloAddress silo) =>
        IsDead(silo) || membership.CurrentSnapshot.Members.Keys.Any(other => other.Generation > silo.Generation && other.Endpoint.Equals(silo.Endpoint));
}
