using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>Which segments one group still needs. Touched by recovery first, then by the flushing thread only.</summary>
internal sealed class GroupPins(GroupId group)
{
    /// <summary>As the index of a snapshot: no entry before it is needed.</summary>
    public const long NoEntryLeft = long.MaxValue;

    // Each span: the first index of the group's entries that lie in a segment. Ascending in both.
    private readonly List<(long FirstIndex, long Segment)> _spans = [];
    private long? _base;    // where the snapshot's record lies
    private long? _control; // where the newest control record lies, unless a snapshot restated it

    public GroupId Group { get; } = group;

    /// <summary>The segment that <see cref="SegmentPins"/> has counted this group for; null: none.</summary>
    public long? Counted { get; set; }

    public long? Oldest
    {
        get
        {
            var oldest = Math.Min(_base ?? long.MaxValue, _control ?? long.MaxValue);
            if (_spans.Count > 0) oldest = Math.Min(oldest, _spans[0].Segment);
            return oldest == long.MaxValue ? null : oldest;
        }
    }

    /// <summary>Takes in one record that was written to a segment.</summary>
    public void Apply(RecordType type, long index, long segment)
    {
        switch (type)
        {
            case RecordType.Append:
                if (_spans.Count == 0 || _spans[^1].Segment != segment) _spans.Add((index, segment));
                break;
            case RecordType.Cut:
                while (_spans.Count > 0 && _spans[^1].FirstIndex >= index) _spans.RemoveAt(_spans.Count - 1);
                break;
            case RecordType.Control:
                _control = segment;
                break;
            case RecordType.Snapshot: // here the index is the base's: entries up to it are not needed
                if (index == NoEntryLeft) _spans.Clear();
                while (_spans.Count > 1 && _spans[1].FirstIndex <= index + 1) _spans.RemoveAt(0);
                (_base, _control) = (segment, null);
                break;
            case RecordType.Install:
                _spans.Clear();
                (_base, _control) = (segment, null);
                break;
            case RecordType.Drop:
                _spans.Clear();
                (_base, _control) = (null, null);
                break;
        }
    }

    /// <summary>Holds everything from a segment on: the group is quarantined and its records are evidence.</summary>
    public void HoldFrom(long segment)
    {
        _spans.Clear();
        (_base, _control) = (segment, null);
    }
}

/// <summary>Knows for each segment the groups whose oldest needed record lies in it (D5). Thread safe.</summary>
internal sealed class SegmentPins
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, HashSet<GroupPins>> _groupsByOldest = [];
    private long _holdAllFrom = long.MaxValue;

    public void Apply(GroupPins group, RecordType type, long index, long segment)
    {
        lock (_gate)
        {
            group.Apply(type, index, segment);
            var oldest = group.Oldest;
            if (oldest == group.Counted) return;
            if (group.Counted is { } before && _groupsByOldest.TryGetValue(before, out var left))
            {
                left.Remove(group);
                if (left.Count == 0) _groupsByOldest.Remove(before);
            }

            if (oldest is { } now)
            {
                if (!_groupsByOldest.TryGetValue(now, out var groups)) _groupsByOldest[now] = groups = [];
                groups.Add(group);
            }

            group.Counted = oldest;
        }
    }

    /// <summary>Takes in a group as recovery left it.</summary>
    public void Add(GroupPins group)
    {
        lock (_gate)
        {
            if (group.Oldest is not { } oldest) return;
            if (!_groupsByOldest.TryGetValue(oldest, out var groups)) _groupsByOldest[oldest] = groups = [];
            groups.Add(group);
            group.Counted = oldest;
        }
    }

    /// <summary>Keeps a segment and all after it for good, whoever needs them.</summary>
    public void HoldFrom(long segment)
    {
        lock (_gate) _holdAllFrom = Math.Min(_holdAllFrom, segment);
    }

    public bool IsNeeded(long segment)
    {
        lock (_gate) return segment >= _holdAllFrom || _groupsByOldest.ContainsKey(segment);
    }

    /// <summary>The groups whose oldest needed record lies in a segment.</summary>
    public IReadOnlyList<GroupId> GroupsHolding(long segment)
    {
        lock (_gate) return _groupsByOldest.TryGetValue(segment, out var groups) ? [.. groups.Select(pins => pins.Group)] : [];
    }
}
