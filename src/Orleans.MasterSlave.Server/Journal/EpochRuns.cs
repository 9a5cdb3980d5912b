using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Epoch and data-loss count of a run of entries without a gap: one item for each mastership, none for each entry. Used by one thread at a time.
/// </summary>
internal sealed class EpochRuns
{
    private readonly RingBuffer<(LogIndex First, Epoch Epoch, long DataLossCount)> _runs = new();
    private LogIndex _first = LogIndex.None.Next();

    public long Count { get; private set; }

    /// <summary>Index of the first entry; only if there is any.</summary>
    public LogIndex First => _first;

    /// <summary>Position of the last entry; only if there is any.</summary>
    public LogPosition Last => new(_runs[_runs.Count - 1].Epoch, _first.Previous() + Count);

    /// <summary>The last entry's; only if there is any.</summary>
    public long DataLossCount => _runs[_runs.Count - 1].DataLossCount;

    /// <summary>Adds the entry that follows, or the first.</summary>
    public void Add(LogPosition position, long dataLossCount)
    {
        if (Count++ == 0) _first = position.Index;
        if (_runs.Count > 0 && _runs[_runs.Count - 1] is var last && last.Epoch == position.Epoch && last.DataLossCount == dataLossCount) return;
        _runs.AddLast((position.Index, position.Epoch, dataLossCount));
    }

    /// <summary>The epoch of an entry that is there.</summary>
    public Epoch EpochAt(LogIndex index)
    {
        var run = _runs.Count - 1;
        while (run > 0 && _runs[run].First > index) run--;
        return _runs[run].Epoch;
    }

    public void CutFrom(LogIndex from)
    {
        Count = Math.Clamp(from - _first, 0, Count);
        while (_runs.Count > 0 && (Count == 0 || _runs[_runs.Count - 1].First >= from)) _runs.RemoveLast(1);
    }

    public void DropThrough(LogIndex index)
    {
        var dropped = Math.Clamp(index - _first + 1, 0, Count);
        (Count, _first) = (Count - dropped, _first + dropped);
        while (_runs.Count > 0 && (Count == 0 || (_runs.Count > 1 && _runs[1].First <= _first))) _runs.RemoveFirst(1);
    }

    public void Clear()
    {
        Count = 0;
        _runs.Clear();
    }
}
