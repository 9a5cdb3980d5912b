using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Where the records lie that one group still needs: four bytes an entry. Written by recovery first, then by the flushing thread as records become
/// durable; the replica's thread lets go of what it no longer reads; a rewriting of segments moves places. Thread safe.
/// </summary>
internal sealed class GroupPins(GroupId group, byte[] name)
{
    private readonly Lock _gate = new();
    private readonly RingBuffer<PackedRecord> _entries = new();                 // in order of their indexes
    private readonly RingBuffer<(long FirstIndex, SegmentFile Segment)> _spans = new(); // which segment they lie in; ascending in both
    private long _first;             // index of the first entry
    private long _floor;             // index of the base: no entry up to it is needed
    private RecordPlace _base;       // the record of the snapshot in use
    private RecordPlace _nextBase;   // a newer one, durable, but the replica may still read what it replaces
    private RecordPlace _control;    // the newest control record, unless a snapshot restated it
    private SegmentFile? _held;

    public GroupId Group { get; } = group;
    public byte[] Name { get; } = name;

    /// <summary>The segment that <see cref="SegmentPins"/> has counted this group for; null: none. Under its gate.</summary>
    public long? Counted { get; set; }

    /// <summary>An earlier life of the same group that was not dropped yet, durably. Under the gate of <see cref="SegmentPins"/>.</summary>
    public GroupPins? Older { get; set; }

    /// <summary>Place of the record of the snapshot in use.</summary>
    public RecordPlace Base
    {
        get
        {
            lock (_gate) return _base;
        }
    }

    /// <summary>The lowest segment with a needed record; null: none.</summary>
    public long? Oldest
    {
        get
        {
            lock (_gate)
            {
                var oldest = Math.Min(Math.Min(NumberOf(_base), NumberOf(_nextBase)), Math.Min(NumberOf(_control), _held?.Number ?? long.MaxValue));
                if (_spans.Count > 0) oldest = Math.Min(oldest, _spans[0].Segment.Number);
                return oldest == long.MaxValue ? null : oldest;
            }
        }
    }

    /// <summary>Place of an entry; nowhere when it is not durable, or not needed any more.</summary>
    public RecordPlace Find(LogIndex index)
    {
        lock (_gate) return FindLocked(index.Value);
    }

    /// <summary>Takes in one record that is durable.</summary>
    public void Apply(RecordType type, long index, RecordPlace place)
    {
        lock (_gate)
        {
            switch (type)
            {
                case RecordType.Append:
                    if (_entries.Count > 0 && index != _first + _entries.Count) ClearEntries(); // only recovery meets that: a gap, or damage
                    if (_entries.Count == 0) _first = index;
                    if (_spans.Count == 0 || _spans[_spans.Count - 1].Segment != place.Segment) _spans.AddLast((index, place.Segment!));
                    _entries.AddLast(new PackedRecord(place.Offset, place.Bytes));
                    break;
                case RecordType.Cut:
                    _entries.RemoveLast((int)Math.Clamp(_first + _entries.Count - index, 0, _entries.Count));
                    while (_spans.Count > 0 && (_spans[_spans.Count - 1].FirstIndex >= index || _entries.Count == 0)) _spans.RemoveLast(1);
                    break;
                case RecordType.Control or RecordType.TornUnknown:
                    _control = place;
                    break;
                case RecordType.Snapshot or RecordType.Install:
                    (_nextBase, _control) = (place, default);
                    break;
                case RecordType.Drop:
                    ClearEntries();
                    (_base, _nextBase, _control, _held, _floor) = (default, default, default, null, 0);
                    break;
            }
        }
    }

    /// <summary>The replica has switched to its newest snapshot: entries up to its base are not read any more, nor is the snapshot before.</summary>
    /// <param name="through">The base.</param>
    /// <param name="all">No entry at all is left.</param>
    public void Release(LogIndex through, bool all)
    {
        lock (_gate)
        {
            if (!_nextBase.IsNowhere) (_base, _nextBase) = (_nextBase, default);
            _floor = through.Value;
            if (all || _floor >= _first + _entries.Count - 1) ClearEntries();
            else if (_floor >= _first)
            {
                _entries.RemoveFirst((int)(_floor - _first) + 1);
                _first = _floor + 1;
                while (_spans.Count > 1 && _spans[1].FirstIndex <= _first) _spans.RemoveFirst(1);
            }
        }
    }

    /// <summary>Holds everything from a segment on: the group is quarantined and its records are evidence.</summary>
    public void HoldFrom(SegmentFile segment)
    {
        lock (_gate) _held = segment;
    }

    /// <summary>
    /// What becomes of a record when its segment is rewritten. Entries above the base that were cut stay, and cuts and drops too: without them, what comes
    /// after would not follow what came before.
    /// </summary>
    public RecordUse UseOf(RecordType type, LogIndex index, RecordPlace place)
    {
        lock (_gate)
        {
            if (_held is not null) return RecordUse.Needed; // evidence
            return type switch
            {
                RecordType.Append => FindLocked(index.Value) == place ? RecordUse.Needed : index.Value > _floor ? RecordUse.KeptForOrder : RecordUse.None,
                RecordType.Snapshot or RecordType.Install => _base == place || _nextBase == place ? RecordUse.Needed : RecordUse.None,
                RecordType.Control or RecordType.TornUnknown => _control == place ? RecordUse.Needed : RecordUse.None,
                RecordType.Cut or RecordType.Drop => RecordUse.KeptForOrder,
                _ => RecordUse.None,
            };
        }
    }

    /// <summary>The group's records in these segments, as far as they are still needed, were copied to another.</summary>
    public void Move(IReadOnlyCollection<SegmentFile> from, SegmentFile to, IEnumerable<RecordMove> moves)
    {
        lock (_gate)
        {
            foreach (var move in moves)
            {
                var target = new RecordPlace(to, move.Offset, move.From.Bytes);
                if (move.Type == RecordType.Append && FindLocked(move.Index.Value) == move.From)
                {
                    var at = (int)(move.Index.Value - _first);
                    _entries[at] = _entries[at].At(move.Offset);
                }

                if (_base == move.From) _base = target;
                if (_nextBase == move.From) _nextBase = target;
                if (_control == move.From) _control = target;
            }

            if (_held is not null && from.Contains(_held)) _held = to;
            for (var i = 0; i < _spans.Count; i++)
                if (from.Contains(_spans[i].Segment)) _spans[i] = (_spans[i].FirstIndex, to);
        }
    }

    /// <summary>Adds to the weight of needed records in each segment.</summary>
    public void WeighInto(Dictionary<SegmentFile, long> weights)
    {
        lock (_gate)
        {
            for (var (i, at) = (0, 0); i < _spans.Count; i++)
            {
                var end = i + 1 < _spans.Count ? (int)(_spans[i + 1].FirstIndex - _first) : _entries.Count;
                var weight = 0L;
                for (; at < end; at++) weight += _entries[at].Weight;
                Add(_spans[i].Segment, weight);
            }

            foreach (var place in (ReadOnlySpan<RecordPlace>)[_base, _nextBase, _control])
                if (place.Segment is { } segment) Add(segment, PackedRecord.WeightOf(place.Bytes));
        }

        void Add(SegmentFile segment, long weight) => weights[segment] = weights.GetValueOrDefault(segment) + weight;
    }

    private RecordPlace FindLocked(long index)
    {
        var at = index - _first;
        if (at < 0 || at >= _entries.Count) return default;
        return new RecordPlace(_spans[_spans.LastWhere(index, static (span, wanted) => span.FirstIndex <= wanted)].Segment, _entries[(int)at].Offset, 0);
    }

    private void ClearEntries()
    {
        _entries.Clear();
        _spans.Clear();
    }

    private static long NumberOf(RecordPlace place) => place.Segment?.Number ?? long.MaxValue;
}

/// <summary>What a group has of one of its records.</summary>
internal enum RecordUse
{
    None,

    /// <summary>Nobody reads it, but reading the log back goes wrong without it.</summary>
    KeptForOrder,

    Needed,
}

/// <summary>A record that was copied when its segment was rewritten.</summary>
internal readonly record struct RecordMove(RecordType Type, LogIndex Index, RecordPlace From, int Offset);
