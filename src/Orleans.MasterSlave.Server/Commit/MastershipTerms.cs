using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Commit;

/// <summary>
/// The mastership whose entries are being applied, and what its barrier laid down for them. A part of every snapshot, because the barrier may lie below the log's
/// base. It is the entries' own mastership: a slave that took over applies those of the one before with the terms of the one before.
/// </summary>
internal sealed record MastershipTerms(Epoch Epoch, BarrierContent Content)
{
    private const ushort EpochPart = 1, ContentPart = 2;

    public void Save(BinaryWriter to)
    {
        Sections.Write(to, EpochPart, part => part.Write(Epoch.Value));
        Sections.Write(to, ContentPart, Content.ToBytes());
    }

    /// <exception cref="InvalidDataException">It is not what was saved.</exception>
    public static MastershipTerms Load(ReadOnlyMemory<byte> from)
    {
        const string Of = "a snapshot's mastership";
        var parts = Sections.Read(from);
        using var epoch = Sections.Reader(Sections.Part(parts, EpochPart, Of));
        return new MastershipTerms(new Epoch(epoch.ReadInt64()), BarrierContent.Of(Sections.Part(parts, ContentPart, Of), Of));
    }
}
