using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime;

namespace Orleans.MasterSlave;

/// <summary>The form of a replica's key: the group's key, U+001F (the unit separator), the silo. The last separator counts.</summary>
internal static class ReplicaKey
{
    public const byte Separator = 0x1f;

    /// <summary>Is this the id of one replica, rather than of the group?</summary>
    public static bool IsPinned(GrainId id) => TrySplit(id, out _, out _);

    public static IdSpan Create(IdSpan group, SiloAddress silo) => IdSpan.Create($"{group}{(char)Separator}{silo.ToParsableString()}");

    /// <summary>The group's id, for a replica's id as well as for the group's own.</summary>
    public static GrainId GroupOf(GrainId id) => TrySplit(id, out var group, out _) ? group : id;

    /// <summary>The id for messages: a replica's with its silo, and no unprintable separator.</summary>
    public static string Describe(GrainId id) => TrySplit(id, out var group, out var silo)
        ? $"{Printable(group)} on {silo.ToParsableString()}"
        : Printable(id);

    private static string Printable(GrainId id) => $"{id}".Replace($"{(char)Separator}", "\\u001F", StringComparison.Ordinal);

    public static bool TrySplit(GrainId id, out GrainId group, [NotNullWhen(true)] out SiloAddress? silo)
    {
        group = default;
        silo = null;
        var bytes = id.Key.AsSpan();
        var cut = bytes.LastIndexOf(Separator);
        if (cut < 0 || !SiloAddress.TryParse(System.Text.Encoding.UTF8.GetString(bytes[(cut + 1)..]), out silo)) return false;
        group = GrainId.Create(id.Type, new IdSpan(bytes[..cut].ToArray()));
        return true;
    }
}
