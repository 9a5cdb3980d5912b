namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The durable entries of all groups that are still in memory, oldest first, within a budget for the whole silo. Used by the flushing thread only:
/// what is not durable is not in here, and so is never evicted.
/// </summary>
internal sealed class RecentEntries(long budgetBytes)
{
    /// <summary>What an entry takes besides its payload: the objects, and its places in the queues.</summary>
    public const int OverheadBytes = 176;

    private readonly RingBuffer<(EntryTail Tail, LogEntry Entry)> _entries = new();
    private long _bytes;

    /// <summary>Bytes held; may be read by others, as of some moment.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public void Add(EntryTail tail, LogEntry entry)
    {
        _entries.AddLast((tail, entry));
        Volatile.Write(ref _bytes, _bytes + SizeOf(entry));
    }

    /// <summary>Evicts the oldest until the rest is within the budget.</summary>
    public void Trim()
    {
        while (_bytes > budgetBytes && _entries.Count > 0)
        {
            var (tail, entry) = _entries[0];
            _entries.RemoveFirst(1);
            Volatile.Write(ref _bytes, _bytes - SizeOf(entry));
            tail.Evict(entry);
        }
    }

    private static long SizeOf(LogEntry entry) => OverheadBytes + entry.Payload.Length;
}
