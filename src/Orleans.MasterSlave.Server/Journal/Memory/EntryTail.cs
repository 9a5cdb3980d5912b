using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The newest entries of one group, in memory: always those not yet durable, and of the others what the silo's budget leaves. They follow each other up
/// to the end of the log. The replica's thread adds and cuts, the flushing thread evicts.
/// </summary>
internal sealed class EntryTail
{
    private readonly Lock _gate = new();
    private readonly RingBuffer<LogEntry> _entries = new();

    public void Add(LogEntry entry)
    {
        lock (_gate) _entries.AddLast(entry);
    }

    /// <summary>Takes back what was added last.</summary>
    public void RemoveLast(int count)
    {
        lock (_gate) _entries.RemoveLast(count);
    }

    public void CutFrom(LogIndex from)
    {
        lock (_gate)
        {
            if (_entries.Count > 0) _entries.RemoveLast((int)Math.Clamp(_entries[_entries.Count - 1].Index - from + 1, 0, _entries.Count));
        }
    }

    public void DropThrough(LogIndex index)
    {
        lock (_gate)
        {
            if (_entries.Count > 0) _entries.RemoveFirst((int)Math.Clamp(index - _entries[0].Index + 1, 0, _entries.Count));
        }
    }

    public void Clear()
    {
        lock (_gate) _entries.Clear();
    }

    /// <summary>Lets an entry go. One that was cut or dropped meanwhile is no longer here, though another may stand at its index.</summary>
    public void Evict(LogEntry entry)
    {
        lock (_gate)
        {
            if (_entries.Count > 0 && ReferenceEquals(_entries[0], entry)) _entries.RemoveFirst(1);
        }
    }

    public LogEntry? Find(LogIndex index)
    {
        lock (_gate)
        {
            if (_entries.Count == 0) return null;
            var at = index - _entries[0].Index;
            return at >= 0 && at < _entries.Count ? _entries[(int)at] : null;
        }
    }
}
