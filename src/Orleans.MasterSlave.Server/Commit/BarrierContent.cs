using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Commit;

/// <summary>
/// What a mastership lays down for all replicas in its first entry: whatever decides in applying stands in the log, never in a silo's options, for the
/// same log must come to the same state everywhere (W1).
/// </summary>
/// <param name="Limits">Bounds of the session table.</param>
/// <param name="Key">What its operations draw is made of it (W9).</param>
/// <param name="Version">The code that its master ran.</param>
internal sealed record BarrierContent(SessionLimits Limits, DrawKey Key, CodeVersion Version)
{
    private const ushort LimitsPart = 1, KeyPart = 2, VersionPart = 3;

    public byte[] ToBytes() => Sections.ToBytes(to =>
    {
        Sections.Write(to, LimitsPart, Limits.Save);
        Sections.Write(to, KeyPart, Key.ForTheLog);
        Sections.Write(to, VersionPart, Version.Save);
    });

    /// <exception cref="InvalidDataException">It is not a barrier's content.</exception>
    public static BarrierContent Of(LogEntry barrier) => Of(barrier.Payload, $"the barrier {barrier.Position}");

    /// <exception cref="InvalidDataException">It is not a barrier's content.</exception>
    public static BarrierContent Of(ReadOnlyMemory<byte> content, string of)
    {
        var parts = Sections.Read(content);
        var key = Sections.Part(parts, KeyPart, of);
        if (key.Length != DrawKey.Bytes) throw new InvalidDataException($"The key in {of} has {key.Length} bytes.");
        using var limits = Sections.Reader(Sections.Part(parts, LimitsPart, of));
        return new BarrierContent(SessionLimits.Load(limits), new DrawKey(key.Span), CodeVersion.Load(Sections.Part(parts, VersionPart, of)));
    }
}
