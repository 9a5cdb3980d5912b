using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>Knows for each segment the groups whose oldest needed record lies in it (D5). Thread safe.</summary>
internal sealed class SegmentPins
{
    private readonly Lock _gate = new();
    private readonly Dictionary<byte[], GroupPins> _groups = new(GroupBytesComparer.Instance);
    private readonly Dictionary<long, HashSet<GroupPins>> _groupsByOldest = [];
    private long _holdAllFrom = long.MaxValue;

    /// <summary>No segment from here on is rewritten or deleted: there is damage of which it cannot be told whose it is.</summary>
    public long HoldsAllFrom
    {
        get
        {
            lock (_gate) return _holdAllFrom;
        }
    }

    /// <summary>Takes in a group, new or as recovery left it.</summary>
    public void Add(GroupPins group)
    {
        lock (_gate)
        {
            if (_groups.TryGetValue(group.Name, out var older)) group.Older = older;
            _groups[group.Name] = group;
            Recount(group);
        }
    }

    /// <summary>Takes in a record that is durable.</summary>
    public void Apply(GroupPins group, RecordType type, long index, RecordPlace place)
    {
        lock (_gate)
        {
            group.Apply(type, index, place);
            Recount(group);
            if (type != RecordType.Drop || !_groups.TryGetValue(group.Name, out var known)) return;
            if (known == group) _groups.Remove(group.Name);
            for (; known is not null; known = known.Older)
                if (known.Older == group) known.Older = group.Older;
        }
    }

    /// <inheritdoc cref="GroupPins.Release"/>
    public void Release(GroupPins group, LogIndex through, bool all)
    {
        lock (_gate)
        {
            group.Release(through, all);
            Recount(group);
        }
    }

    public void HoldFrom(GroupPins group, SegmentFile segment)
    {
        lock (_gate)
        {
            group.HoldFrom(segment);
            Recount(group);
        }
    }

    /// <summary>Records were copied from some segments to another. One group after the other: the flushing thread does not wait for all of them.</summary>
    public void Move(IReadOnlyCollection<SegmentFile> from, SegmentFile to, Dictionary<GroupPins, List<RecordMove>> moves)
    {
        foreach (var (group, moved) in moves)
        {
            lock (_gate)
            {
                group.Move(from, to, moved);
                Recount(group);
            }
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

    /// <summary>What becomes of the record at a place, and who needs it, if somebody does; no use at all when the group is unknown.</summary>
    public (RecordUse? Use, GroupPins? Owner) UseOf(ReadOnlySpan<byte> name, RecordType type, LogIndex index, RecordPlace place)
    {
        lock (_gate)
        {
            if (!_groups.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var group)) return (null, null);
            var most = RecordUse.None;
            for (; group is not null; group = group.Older)
            {
                var use = group.UseOf(type, index, place);
                if (use == RecordUse.Needed) return (use, group);
                if (use > most) most = use;
            }

            return (most, null);
        }
    }

    /// <summary>The weight of the needed records in each segment. What changes meanwhile may be counted or not.</summary>
    public Dictionary<SegmentFile, long> NeededWeights()
    {
        var groups = new List<GroupPins>();
        lock (_gate)
        {
            foreach (var named in _groups.Values)
                for (var group = named; group is not null; group = group.Older) groups.Add(group);
        }

        var weights = new Dictionary<SegmentFile, long>();
        foreach (var group in groups) group.WeighInto(weights); // not under the gate: it may take a while
        return weights;
    }

    /// <summary>The groups whose oldest needed record lies in a segment.</summary>
    public IReadOnlyList<GroupId> GroupsHolding(long segment)
    {
        lock (_gate) return _groupsByOldest.TryGetValue(segment, out var groups) ? [.. groups.Where(pins => pins.Name.Length > 0).Select(pins => pins.Group)] : [];
    }

    private void Recount(GroupPins group)
    {
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
