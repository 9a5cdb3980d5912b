using Orleans.GrainDirectory;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Placement;

/// <summary>
/// A directory without entries. Orleans caches what it answers; that does no harm, for the answer to an id never changes: a silo that
/// returns is another silo address, and so another id.
/// </summary>
internal sealed class ComputedGrainDirectory(SiloRule rule) : IGrainDirectory
{
    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(AddressOf(grainId));

    /// <summary>Grants the registration; one on a silo that the rule does not name is told the right place, and gives way.</summary>
    public Task<GrainAddress?> Register(GrainAddress address) =>
        Task.FromResult<GrainAddress?>(rule.SiloOf(address.GrainId).Equals(address.SiloAddress) ? address : AddressOf(address.GrainId));

    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;

    private GrainAddress AddressOf(GrainId grain) => new() { GrainId = grain, SiloAddress = rule.SiloOf(grain) };
}
