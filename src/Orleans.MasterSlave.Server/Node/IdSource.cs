using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Orleans.MasterSlave.Node;

/// <summary>The one place in a silo where ids come from; the simulation has another.</summary>
internal static class IdSource
{
    public static Guid NewGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return new Guid(bytes);
    }

    /// <summary>
    /// A stamp of the node's row. A machine that is cloned while it runs has the state of its random numbers in both: so the time is
    /// mixed in, which no two of them read alike.
    /// </summary>
    public static Guid NewStamp()
    {
        Span<byte> bytes = stackalloc byte[32];
        RandomNumberGenerator.Fill(bytes[..16]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], TimeProvider.System.GetTimestamp());
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], TimeProvider.System.GetUtcNow().Ticks);
        return new Guid(SHA256.HashData(bytes)[..16]);
    }

    /// <summary>The key of a mastership. A machine that is cloned while it runs must not draw what the other draws: as with <see cref="NewStamp"/>.</summary>
    public static DrawKey NewDrawKey()
    {
        Span<byte> bytes = stackalloc byte[48];
        RandomNumberGenerator.Fill(bytes[..32]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], TimeProvider.System.GetTimestamp());
        BinaryPrimitives.WriteInt64LittleEndian(bytes[40..], TimeProvider.System.GetUtcNow().Ticks);
        return new DrawKey(SHA256.HashData(bytes));
    }
}
