namespace Orleans.MasterSlave.Journal;

/// <summary>What was found of one batch.</summary>
internal sealed class RecoveredBatch(long number, int start)
{
    private long _end = -1;
    private int _consumedTo = start;
    private bool _harmed;

    public long Number { get; } = number;
    public int Start { get; } = start;
    public List<ScanItem> Items { get; } = [];

    /// <summary>Where what was found of it ends.</summary>
    public int End => _consumedTo;

    /// <summary>All that the batch record announced was seen, harmed or not.</summary>
    public bool ReachedEnd => _end >= 0 && _consumedTo >= _end;

    /// <summary>Everything is there as it was written.</summary>
    public bool IsWhole => !_harmed && _consumedTo == _end;

    public void Add(in ScanItem item, ReadOnlySpan<byte> segment)
    {
        if (Items.Count == 0 && item is { Header: { Type: RecordType.Batch } header, BodyIsSound: true })
            _end = Start + BatchBuffer.LengthIn(header.Body(segment.Slice(item.Offset, item.Length)));
        else if (!item.IsSound || Items.Count == 0)
            _harmed = true;
        Items.Add(item);
        _consumedTo = item.Offset + item.Length;
    }
}

/// <summary>
/// Tells confirmed batches from the last, unconfirmed ones (D3). The flushing thread writes a batch only when the one before is confirmed, so a
/// valid record of a later batch proves all earlier ones confirmed; whatever is wrong in those is damage, not a torn tail.
/// </summary>
internal sealed class BatchAssembler(long firstNumber)
{
    private readonly List<RecoveredBatch> _open = []; // at most two: the last whole one, and what comes after it
    private long _next = firstNumber;

    /// <summary>The batches not known to be confirmed, in order.</summary>
    public IReadOnlyList<RecoveredBatch> Tail => _open;

    /// <summary>Number that the batch after the tail has.</summary>
    public long Next => _open.Count > 0 ? _open[^1].Number + (_open[^1].ReachedEnd ? 1 : 0) : _next;

    /// <summary>Takes in the next piece; returns the batches it proves confirmed, and the offset where whole batches are missing, if so.</summary>
    public (IReadOnlyList<RecoveredBatch> Confirmed, bool BatchesMissing) Add(in ScanItem item, ReadOnlySpan<byte> segment)
    {
        var current = _open.Count > 0 ? _open[^1] : null;
        if (item.Header is not { } header || header.Batch < (current?.Number ?? _next) || (header.Batch == current?.Number && current.ReachedEnd))
        {
            if (current is null || current.ReachedEnd) _open.Add(current = new RecoveredBatch(current is null ? _next : current.Number + 1, item.Offset));
            current.Add(item with { Header = null, BodyIsSound = false }, segment);
            return ([], false);
        }

        if (header.Batch == current?.Number)
        {
            IReadOnlyList<RecoveredBatch> before = _open.Count > 1 ? [_open[0]] : [];
            if (before.Count > 0) _open.RemoveAt(0);
            current.Add(item, segment);
            return (before, false);
        }

        RecoveredBatch[] confirmed = [.. _open];
        var missing = header.Batch > Next;
        _open.Clear();
        _next = header.Batch;
        var batch = new RecoveredBatch(header.Batch, item.Offset);
        batch.Add(item, segment);
        _open.Add(batch);
        return (confirmed, missing);
    }
}
