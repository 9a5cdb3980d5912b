using System.Diagnostics.CodeAnalysis;

namespace Orleans.MasterSlave.Contracts;

/// <summary>
/// The grain id of one replica: the group's own grain type, and the group's key followed by a separator and the silo that it is pinned to.
/// Directory and placement compute the silo from the id alone, so no lookup can be stale or depend on a silo that died.
/// </summary>
internal static class ReplicaGrainId
{
    /// <summary>U+001F, the unit separator: the last one in a key divides the group's key from the silo.</summary>
    private const char Separator = '\u001f';

    public static GrainId Create(GroupId group, SiloAddress silo) =>
        GrainId.Create(group.Grain.Type, IdSpan.Create($"{group.Grain.Key}{Separator}{silo.ToParsableString()}"));

    public static bool TryParse(GrainId id, out GroupId group, [NotNullWhen(true)] out SiloAddress? silo)
    {
        group = default;
        silo = null;
        var key = id.Key.ToString()!;
        var cut = key.LastIndexOf(Separator);
        if (cut < 0) return false;
        silo = SiloAddress.FromParsableString(key[(cut + 1)..]);
        group = new GroupId(GrainId.Create(id.Type, IdSpan.Create(key[..cut])));
        return true;
    }
}
