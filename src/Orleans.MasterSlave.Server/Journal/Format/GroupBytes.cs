using System.IO.Hashing;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>A group's name as bytes: grain type, '/', key. A type has no '/'.</summary>
internal static class GroupBytes
{
    public const int MaxBytes = GroupKeyRules.MaxBytes;

    public static byte[] Of(GroupId group)
    {
        var type = GrainTypeBytes(group);
        var key = IdSpan.UnsafeGetArray(group.Grain.Key) ?? [];
        byte[] name = [.. type, (byte)'/', .. key];
        return name.Length <= MaxBytes
            ? name
            : throw new ArgumentException($"The grain id '{group}' is {name.Length} bytes long; the log takes {MaxBytes}.", nameof(group));
    }

    public static bool TryParse(ReadOnlySpan<byte> name, out GroupId group)
    {
        var slash = name.IndexOf((byte)'/');
        group = slash > 0
            ? new GroupId(GrainId.Create(new GrainType(name[..slash].ToArray()), new IdSpan(name[(slash + 1)..].ToArray())))
            : default;
        return slash > 0;
    }

    private static byte[] GrainTypeBytes(GroupId group) => GrainType.UnsafeGetArray(group.Grain.Type) ?? [];
}

/// <summary>Looks groups up by the bytes of a record, without an object for each record.</summary>
internal sealed class GroupBytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static readonly GroupBytesComparer Instance = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);
    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);
    public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());
    public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)XxHash3.HashToUInt64(alternate);
    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
