using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Replication.Master;

/// <summary>
/// How many bytes of this mastership's entries follow an index, to within <see cref="StepBytes"/>: what a slave that has not acknowledged more than that keeps
/// in the log (D5). What was inherited does not count. Runs in the replica's thread.
/// </summary>
internal sealed class LagMeter(long limitBytes)
{
    public const int StepBytes = 64 * 1024;
    private readonly RingBuffer<(LogIndex Index, long Total)> _marks = new(); // ascending in both
    private long _total;

    public void Appended(LogEntry entry)
    {
        _total += EntryCodec.SizeOf(entry);
        if (_marks.Count > 0 && _total - _marks[_marks.Count - 1].Total < StepBytes) return;
        _marks.AddLast((entry.Index, _total));
        while (_marks.Count > 1 && _total - _marks[1].Total > limitBytes) _marks.RemoveFirst(1); // whoever is that far behind is beyond the limit
    }

    public bool IsBeyondLimit(LogIndex acknowledged)
    {
        var last = _marks.LastWhere(acknowledged, static (mark, index) => mark.Index <= index);
        return _total - (last < 0 ? 0 : _marks[last].Total) > limitBytes;
    }
}
