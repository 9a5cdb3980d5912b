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

    public byte[] ToBytes() => Sections.ToBytes(to => Sections.Write(to, SessionsPart, Sessions.Save));

    /// <exception cref="InvalidDataException">It is not a barrier's content.</exception>
    public static BarrierContent Of(LogEntry barrier)
    {
        using var sessions = Sections.Reader(Sections.Part(Sections.Read(barrier.Payload), SessionsPart, barrier));
        return new BarrierContent(SessionLimits.Load(sessions));
    }
}
