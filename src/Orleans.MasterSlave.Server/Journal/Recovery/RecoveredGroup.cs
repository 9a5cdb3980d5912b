using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>What the records of one group add up to. Whatever does not follow from what was before is damage, never guessed away.</summary>
internal sealed class RecoveredGroup(GroupId group, byte[] name)
{
    private bool _anchored; // false: nothing says yet where the entries begin, because older segments were deleted

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

    /// <summary>Takes in a record; returns what is wrong with it, or null.</summary>
    public string? Apply(in RecordHeader header, ReadOnlySpan<byte> body, long segment, long ordinal)
    {
        FirstSegment = Math.Min(FirstSegment, segment);
        if (header.Type != RecordType.Drop) Dropped = false;
        var position = new LogPosition(header.Epoch, header.Index);
        var pinIndex = header.Index.Value;
        string? wrong = null;
        switch (header.Type)
        {
            case RecordType.Append:
                wrong = Append(EntryCodec.TryRead(body, position));
                break;
            case RecordType.Cut:
                wrong = Cut(header.Index);
                break;
            case RecordType.Control:
                Promised = header.Epoch;
                TornEpoch = header.Index.Value;
                break;
            case RecordType.Snapshot or RecordType.Install:
                if (SnapshotRecord.TryRead(body, position) is not { } snapshot) return "a snapshot record is too short";
                if (header.Type == RecordType.Install) Restart(ordinal);
                wrong = SetBase(snapshot, body[SnapshotRecord.FixedBytes..]);
                pinIndex = Entries.Count == 0 ? GroupPins.NoEntryLeft : snapshot.Base.Index.Value;
                break;
            case RecordType.Drop:
                Restart(ordinal);
                Dropped = true;
                break;
            default:
                return $"a record of type {header.Type} is not a group's";
        }

        if (wrong is null) Pins.Apply(header.Type, pinIndex, segment);
        return wrong;
    }

    /// <summary>What is wrong at the end of the log, or null.</summary>
    public string? Finish() => Entries.Count == 0 || _anchored ? null : $"entries before {Entries[0].Position} are missing";

    private void Restart(long ordinal)
    {
        Entries.Clear();
        (Base, Snapshot, InlineState, Promised, TornEpoch, Damage) = (LogPosition.None, null, null, Epoch.None, -1, null);
        (_anchored, WholeSince) = (false, ordinal);
    }

    private string? Append(LogEntry? entry)
    {
        if (entry is null) return "an append record is too short";
        if (Entries.Count == 0 && !_anchored)
            _anchored = entry.Index.Value == 1;
        else if (entry.Index != Last.Index.Next() || entry.Epoch < Last.Epoch)
            return $"entry {entry.Position} follows {Last}";
        Entries.Add(entry);
        return null;
    }

    private string? Cut(LogIndex from)
    {
        if (_anchored && from <= Base.Index) return $"a cut at {from} is not above the base {Base}";
        while (Entries.Count > 0 && Entries[^1].Index >= from) Entries.RemoveAt(Entries.Count - 1);
        return null;
    }

    private string? SetBase(in SnapshotRecord snapshot, ReadOnlySpan<byte> state)
    {
        var last = Last;
        var from = snapshot.Base.Index;
        Entries.RemoveAll(entry => entry.Index <= from);
        (Base, Snapshot, Promised, TornEpoch, _anchored) = (snapshot.Base, snapshot, snapshot.Promised, snapshot.TornEpoch, true);
        InlineState = snapshot.FileNumber == 0 ? state.ToArray() : null;
        if (Entries.Count > 0 && Entries[0].Index != from.Next()) return $"entry {Entries[0].Position} follows the base {Base}";
        return Last.Index < snapshot.Position.Index ? $"the snapshot {snapshot.Position} is beyond the last entry {last}" : null;
    }
}
