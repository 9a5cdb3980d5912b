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

    /// <summary>The entries, always one run without a gap, the newest. Only what must be known of each: payloads stay on the disk.</summary>
    public EpochRuns Runs { get; } = new();

    /// <summary>The skips among them.</summary>
    public SkipList Skips { get; } = new();

    /// <summary>Time of the last entry; null when a cut has made it the last one again.</summary>
    public DateTime? LastTimeUtc { get; private set; }
    public LogPosition Base { get; private set; }
    public SnapshotRecord? Snapshot { get; private set; }
    public Epoch Promised { get; private set; }
    public GroupBirth Birth { get; private set; }
    public long TornEpoch { get; set; } = -1;
    public GroupPins Pins { get; } = new(group, name);
    public LogDamagedException? Damage { get; set; }

    /// <summary>True when the group was dropped and nothing came after.</summary>
    public bool Dropped { get; private set; }

    /// <summary>Number of the record that made everything before it unneeded; damage there does not touch the group.</summary>
    public long WholeSince { get; private set; } = -1;

    /// <summary>The first segment with a record of the group, sound or damaged.</summary>
    public SegmentFile? FirstSegment { get; private set; }
    public LogPosition Last => Runs.Count > 0 ? Runs.Last : Base;

    /// <summary>Something of the group was found here, sound or not.</summary>
    public bool HoldsData => FirstSegment is not null && !Dropped;

    /// <summary>The epoch that a later mastership must exceed for a torn tail to be of no matter.</summary>
    public long EpochSeen => Math.Max(Promised.Value, Last.Epoch.Value);

    /// <summary>What does not follow, and in which segment; null when all does.</summary>
    public (long Segment, string What)? Gap { get; private set; }

    /// <summary>Notes that a record of the group lies in a segment, though it cannot be taken in: it is evidence.</summary>
    public RecoveredGroup FoundIn(SegmentFile segment)
    {
        FirstSegment ??= segment;
        return FoundAgain();
    }

    /// <summary>Notes that something of the group came after all that was taken in, though it cannot be read: a dropped group is not gone any more.</summary>
    public RecoveredGroup FoundAgain()
    {
        Dropped = false;
        return this;
    }

    /// <summary>Takes in a record; returns what makes it unreadable, or null.</summary>
    public string? Apply(in RecordHeader header, ReadOnlySpan<byte> body, RecordPlace place, long ordinal)
    {
        FirstSegment ??= place.Segment;
        var segment = place.Segment!.Number;
        if (header.Type != RecordType.Drop) Dropped = false;
        var position = new LogPosition(header.Epoch, header.Index);
        LogIndex? released = null;
        switch (header.Type)
        {
            case RecordType.Append:
                if (EntryCodec.TryReadHead(body) is not { } entry) return "an append record is too short";
                Append(position, entry.DataLossCount, segment);
                if (EntryCodec.IsSkip(body) && EntryCodec.TryRead(body, position) is { } skip) Skips.Appended(skip);
                LastTimeUtc = entry.TimeUtc;
                break;
            case RecordType.Cut:
                Cut(header.Index, segment);
                break;
            case RecordType.Control:
                if (PromiseRecord.TryRead(body) is not { } birth) return "a promise record is too short";
                (Promised, Birth) = (header.Epoch, birth);
                TornEpoch = header.Index.Value;
                break;
            case RecordType.Snapshot or RecordType.Install:
                if (SnapshotRecord.TryRead(body, position) is not { } snapshot) return "a snapshot record is too short";
                if (header.Type == RecordType.Install) Restart(ordinal);
                Switch(snapshot, segment);
                released = snapshot.Base.Index;
                break;
            case RecordType.Drop:
                Restart(ordinal);
                Dropped = true;
                break;
            default:
                return $"a record of type {header.Type} is not a group's";
        }

        Pins.Apply(header.Type, header.Index.Value, place);
        if (released is { } through) Pins.Release(through, all: Runs.Count == 0);
        return null;
    }

    private void Restart(long ordinal)
    {
        Runs.Clear();
        Skips.Clear();
        (Base, Snapshot, Promised, Birth, TornEpoch, Damage, Gap) = (LogPosition.None, null, Epoch.None, GroupBirth.None, -1, null, null);
        WholeSince = ordinal;
    }

    private void Append(LogPosition entry, long dataLossCount, long segment)
    {
        if (entry.Index != Last.Index.Next() || entry.Epoch < Last.Epoch)
        {
            Gap ??= (segment, $"entry {entry} follows {Last}");
            Runs.Clear();
            Skips.Clear();
        }

        Runs.Add(entry, dataLossCount);
    }

    private void Cut(LogIndex from, long segment)
    {
        if (Runs.Count > 0 && Runs.Last.Index >= from) LastTimeUtc = null;
        Runs.CutFrom(from);
        Skips.CutFrom(from);
        if (from <= Base.Index) Gap ??= (segment, $"a cut at {from} is not above the base {Base}");
        else if (from == Base.Index.Next() && (Snapshot is not { } snapshot || snapshot.Position == Base)) Gap = null; // of what was unclear nothing is left
    }

    private void Switch(in SnapshotRecord snapshot, long segment)
    {
        var from = snapshot.Base.Index;
        Runs.DropThrough(from);
        Skips.DropThrough(from);
        (Base, Snapshot, Promised, Birth, TornEpoch) = (snapshot.Base, snapshot, snapshot.Promised, snapshot.Birth, snapshot.TornEpoch);
        var follows = Runs.Count == 0 || Runs.First == from.Next();
        Gap = !follows ? (segment, $"entry {Runs.First} follows the base {Base}")
            : Last.Index < snapshot.Position.Index ? (segment, $"the snapshot {snapshot.Position} is beyond the last entry {Last}")
            : null;
    }
}
