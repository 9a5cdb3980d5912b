using System.Diagnostics.CodeAnalysis;

namespace Orleans.MasterSlave.Contracts;

/// <summary>
/// The grain id of one replica: the group's own grain type, and the group's key followed by a separator and the silo that it is pinned to
/// (see <see cref="ReplicaKey"/>). Directory and placement compute the silo from the id alone, so no lookup can be stale or depend on a silo that died.
/// </summary>
internal static class ReplicaGrainId
{
    public static GrainId Create(GroupId group, SiloAddress silo) => GrainId.Create(group.Grain.Type, ReplicaKey.Create(group.Grain.Key, silo));

    /// <summary>False for an id that names no silo: a group's own, or one that is not ours.</summary>
    public static bool TryParse(GrainId id, out GroupId group, [NotNullWhen(true)] out SiloAddress? silo)
    {
        var pinned = ReplicaKey.TrySplit(id, out var grain, out silo);
        group = pinned ? new GroupId(grain) : default;
        return pinned;
    }
}
