using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// What the records of one group add up to. Where older segments were deleted, records stay that refer to what is gone; a later snapshot makes them
/// unneeded. So whatever does not follow from what was before is noted, and is damage unless a later record explains it; it is never guessed away.
/// </summary>
internal sealed class RecoveredGroup(GroupId group, byte[] name)
{
    public GroupId Group { get; } = group;
    public byte[] Name { get; } = name;
    public List<LogEntry> Entries { get; } = [];
    public LogPosition Base { get; private set; }
    public SnapshotRecord? Snapshot { get; private set; }
    public byte[]? InlineState { get; private set; }
    public Epoch Promised { get; private set; }
    public long TornEpoch { get; set; } = -1;
    public GroupPins Pins { get; } = new(group);
    public LogDamagedException? Damage { get; set; }

    /// <summary>True when the group was dropped and nothing came after.</summary>
    public bool Dropped { get; private set; }

    /// <summary>Number of the record that made everything before it unneeded; damage there does not touch the group.</summary>
    public long WholeSince { get; private set; } = -1;

    public long FirstSegment { get; private set; } = long.MaxValue;
    public LogPosition Last => Entries.Count > 0 ? Entries[^1].Position : Base;

    /// <summary>The epoch that a later mastership must exceed for a torn tail to be of no matter.</summary>
    public long EpochSeen => Math.Max(Promised.Value, Last.Epoch.Value);

    /// <summary>What does not follow, and in which segment; null when all does.</summary>
    public (long Segment, string What)? Gap { get; private set; }

    /// <summary>Takes in a record; returns what makes it unreadable, or null.</summary>
    public string? Apply(in RecordHeader header, ReadOnlySpan<byte> body, long segment, long ordinal)
    {
        FirstSegment = Math.Min(FirstSegment, segment);
        if (header.Type != RecordType.Drop) Dropped = false;
        var position = new LogPosition(header.Epoch, header.Index);
        var pinIndex = header.Index.Value;
        switch (header.Type)
        {
            case RecordType.Append:
                if (EntryCodec.TryRead(body, position) is not { } entry) return "an append record is too short";
                Append(entry, segment);
                break;
            case RecordType.Cut:
                Cut(header.Index, segment);
                break;
            case RecordType.Control:
                Promised = header.Epoch;
                TornEpoch = header.Index.Value;
                break;
            case RecordType.Snapshot or RecordType.Install:
                if (SnapshotRecord.TryRead(body, position) is not { } snapshot) return "a snapshot record is too short";
                if (header.Type == RecordType.Install) Restart(ordinal);
                Switch(snapshot, body[SnapshotRecord.FixedBytes..], segment);
                pinIndex = Entries.Count == 0 ? GroupPins.NoEntryLeft : snapshot.Base.Index.Value;
                break;
            case RecordType.Drop:
                Restart(ordinal);
                Dropped = true;
                break;
            default:
                return $"a record of type {header.Type} is not a group's";
        }

        Pins.Apply(header.Type, pinIndex, segment);
        return null;
    }

    private void Restart(long ordinal)
    {
        Entries.Clear();
        (Base, Snapshot, InlineState, Promised, TornEpoch, Damage, Gap) = (LogPosition.None, null, null, Epoch.None, -1, null, null);
        WholeSince = ordinal;
    }

    // The entries are always one run without a gap, the newest.
    private void Append(LogEntry entry, long segment)
    {
        if (entry.Index != Last.Index.Next() || entry.Epoch < Last.Epoch)
        {
            Gap ??= (segment, $"entry {entry.Position} follows {Last}");
            Entries.Clear();
        }

        Entries.Add(entry);
    }

    private void Cut(LogIndex from, long segment)
    {
        while (Entries.Count > 0 && Entries[^1].Index >= from) Entries.RemoveAt(Entries.Count - 1);
        if (from <= Base.Index) Gap ??= (segment, $"a cut at {from} is not above the base {Base}");
        else if (from == Base.Index.Next() && (Snapshot is not { } snapshot || snapshot.Position == Base)) Gap = null; // of what was unclear nothing is left
    }

    private void Switch(in SnapshotRecord snapshot, ReadOnlySpan<byte> state, long segment)
    {
        var from = snapshot.Base.Index;
        Entries.RemoveAll(entry => entry.Index <= from);
        (Base, Snapshot, Promised, TornEpoch) = (snapshot.Base, snapshot, snapshot.Promised, snapshot.TornEpoch);
        InlineState = snapshot.FileNumber == 0 ? state.ToArray() : null;
        var follows = Entries.Count == 0 || Entries[0].Index == from.Next();
        Gap = !follows ? (segment, $"entry {Entries[0].Position} follows the base {Base}")
            : Last.Index < snapshot.Position.Index ? (segment, $"the snapshot {snapshot.Position} is beyond the last entry {Last}")
            : null;
    }
}
