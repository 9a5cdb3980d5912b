using Microsoft.Extensions.DependencyInjection;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Placement;

/// <summary>
/// Is an activation the replica that its id says? Where a silo goes by what another one says of the grain's class, as in a roll from a plain
/// class to a replicated one, replicas of many nodes could run in one process: in sync by the record, and on one disk (G2).
/// </summary>
internal static class PlaceCheck
{
    /// <summary>The replica's group.</summary>
    /// <exception cref="MasterSlaveConfigurationException">It must not run here.</exception>
    public static GroupId GroupOf(IGrainContext context)
    {
        if (!ReplicaGrainId.TryParse(context.GrainId, out var group, out var silo))
            throw new MasterSlaveConfigurationException($"{ReplicaKey.Describe(context.GrainId)} is not a replica's id: the caller lacks AddMasterSlave().");
        if (GroupKeyRules.Refuse(group.Grain) is { } refused) throw new MasterSlaveConfigurationException(refused);
        var local = context.ActivationServices.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        if (!silo.Equals(local))
            throw new MasterSlaveConfigurationException($"The replica {ReplicaKey.Describe(context.GrainId)} was started on silo {local}, and does not run there. {Remedy}");
        if (context.GrainInstance is not IReplicatedGrain || (context.GrainInstance as IGrainBase)?.GrainContext is not GroupGrainContext)
            throw new MasterSlaveConfigurationException($"The replica {ReplicaKey.Describe(context.GrainId)} was not made as a replicated grain. {Remedy}");
        return group;
    }

    private const string Remedy =
        "Does the silo that sent the call, or this one, still take the grain's type for one that is not replicated? Restart it with the version in which it is.";
}
