using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>Body of a control record: the group's birth, 16 bytes. Promised and torn epoch are in the record's header.</summary>
internal static class PromiseRecord
{
    public const int BodyBytes = 16;

    public static byte[] BodyOf(GroupBirth birth) => birth.Value.ToByteArray();

    /// <summary>Reads a body; null when it is too short for one.</summary>
    public static GroupBirth? TryRead(ReadOnlySpan<byte> body) => body.Length < BodyBytes ? null : new GroupBirth(new Guid(body[..BodyBytes]));
}
