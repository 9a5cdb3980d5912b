using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Commit;

/// <summary>
/// What a mastership lays down for all replicas in its first entry: whatever decides in applying stands in the log, never in a silo's options, for the
/// same log must come to the same state everywhere (W1).
/// </summary>
internal sealed record BarrierContent(SessionLimits Sessions)
{
    private const ushort SessionsPart = 1;

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        Commit.Sections.Write(writer, SessionsPart, Sessions.Save);
        writer.Flush();
        return stream.ToArray();
    }

    /// <exception cref="InvalidDataException">It is not a barrier's content.</exception>
    public static BarrierContent Of(LogEntry barrier)
    {
        if (!Commit.Sections.Read(barrier.Payload).TryGetValue(SessionsPart, out var sessions))
            throw new InvalidDataException($"The barrier at {barrier.Position} names no limits of sessions.");
        using var reader = Commit.Sections.Reader(sessions);
        return new BarrierContent(SessionLimits.Load(reader));
    }
}
