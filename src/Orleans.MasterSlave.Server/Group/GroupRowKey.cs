using System.Security.Cryptography;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// The key of a group's row. Stores fold keys, each in its way: case, slashes, control characters, what is beyond some length. So it is a hash of the id: the SHA-256 of the grain
/// type's bytes, a zero, and the key's bytes, as 64 hexadecimal digits. Which group a row is of stands in the record.
/// </summary>
internal static class GroupRowKey
{
    public static GrainId Of(GroupId group)
    {
        byte[] name = [.. group.Grain.Type.AsSpan(), 0, .. group.Grain.Key.AsSpan()];
        return GrainId.Create("masterslave.group", Convert.ToHexStringLower(SHA256.HashData(name)));
    }
}
