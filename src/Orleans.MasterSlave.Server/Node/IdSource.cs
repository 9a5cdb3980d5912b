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
}
