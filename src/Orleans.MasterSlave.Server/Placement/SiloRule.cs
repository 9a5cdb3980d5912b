using Orleans.MasterSlave.Contracts;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Placement;

/// <summary>Computes a grain's silo from its id alone: no entry can be stale, and none is lost with the silo that kept it.</summary>
internal abstract class SiloRule
{
    /// <exception cref="MasterSlaveException">The id names no silo: it must not be activated anywhere.</exception>
    public abstract SiloAddress SiloOf(GrainId grain);
}

/// <summary>Replicas: the silo is a part of the key.</summary>
internal sealed class ReplicaSiloRule : SiloRule
{
    public override SiloAddress SiloOf(GrainId grain) => ReplicaGrainId.TryParse(grain, out _, out var silo)
        ? silo
        : throw new MasterSlaveConfigurationException(
            $"{ReplicaKey.Describe(grain)} is a replicated grain, and the call was sent as if it were a plain one: the client or silo that sent it lacks AddMasterSlave(), " +
            "or was started when the grain was not replicated yet (restart it), or it calls a grain extension, which replicated grains do not offer.");
}

/// <summary>Grains of which there is one on each silo: the key is the silo's parsable string.</summary>
internal sealed class SiloKeyRule : SiloRule
{
    public override SiloAddress SiloOf(GrainId grain) => SiloAddress.TryParse(grain.Key.ToString(), out var silo)
        ? silo
        : throw new MasterSlaveConfigurationException($"The key of {grain} must be a silo address, and is not.");
}

/// <summary>Grains that live on the silo that asks for them (G9).</summary>
internal sealed class LocalSiloRule(ILocalSiloDetails local) : SiloRule
{
    public override SiloAddress SiloOf(GrainId grain) => local.SiloAddress;
}
