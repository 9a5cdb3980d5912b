using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Commit;

/// <summary>The payload of an entry of <see cref="EntryKind.Import"/>.</summary>
/// <param name="State">The group's first state, serialized as in a snapshot; empty: there was none to import, and that is settled.</param>
/// <param name="Source">Where it came from, for operators.</param>
internal sealed record ImportContent(byte[] State, string Source)
{
    private const ushort StatePart = 1, SourcePart = 2;

    public byte[] ToBytes() => Sections.ToBytes(to =>
    {
        Sections.Write(to, StatePart, State);
        Sections.Write(to, SourcePart, Source);
    });

    /// <exception cref="InvalidDataException">It is not such an entry's content.</exception>
    public static ImportContent Of(LogEntry entry)
    {
        var parts = Sections.Read(entry.Payload);
        return new ImportContent(Sections.Part(parts, StatePart, $"the import {entry.Position}").ToArray(), Sections.Text(parts, SourcePart));
    }
}
