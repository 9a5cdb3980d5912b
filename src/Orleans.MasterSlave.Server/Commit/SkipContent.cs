using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Commit;

/// <summary>The payload of an entry of <see cref="EntryKind.Skip"/> (W10).</summary>
/// <param name="Skipped">The entry that is not to be applied. Both numbers: at its index another may stand since.</param>
/// <param name="Reason">Who wanted it so, and why.</param>
internal sealed record SkipContent(LogPosition Skipped, string Reason)
{
    private const ushort SkippedPart = 1, ReasonPart = 2;

    public byte[] ToBytes() => Sections.ToBytes(to =>
    {
        Sections.Write(to, SkippedPart, part =>
        {
            part.Write(Skipped.Epoch.Value);
            part.Write(Skipped.Index.Value);
        });
        Sections.Write(to, ReasonPart, Reason);
    });

    /// <exception cref="InvalidDataException">It is not such an entry's content.</exception>
    public static SkipContent Of(LogEntry entry)
    {
        var parts = Sections.Read(entry.Payload);
        using var skipped = Sections.Reader(Sections.Part(parts, SkippedPart, $"the skip {entry.Position}"));
        return new SkipContent(new LogPosition(new Epoch(skipped.ReadInt64()), new LogIndex(skipped.ReadInt64())), Sections.Text(parts, ReasonPart));
    }
}
