using System.Buffers.Binary;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Records that go to the disk together. Two of them take turns: writers fill one under the log's lock while the flushing thread writes the
/// other. All appends of a batch share one task, so that an append allocates nothing but room for its bytes.
/// </summary>
internal sealed class BatchBuffer
{
    private const int BodyOfBatchRecord = 24;
    private const int InitialBytes = 64 * 1024;
    private static readonly int BatchRecordBytes = RecordHeader.SizeOf(0, BodyOfBatchRecord);

    private byte[] _bytes = new byte[InitialBytes];
    private TaskCompletionSource _durable = NewCompletion();
    private int _recordStart, _recordGroupBytes;

    public long Number { get; private set; }
    public int Records { get; private set; }

    /// <inheritdoc cref="PackedRecord.WeightOf"/>
    public long Weight { get; private set; }
    public int Length { get; private set; } = BatchRecordBytes;

    /// <summary>Length of a batch without records: its batch record's.</summary>
    public static int EmptyBytes => BatchRecordBytes;
    public bool IsEmpty => Records == 0;

    /// <summary>Completes when the batch is durable, fails when it never will be.</summary>
    public Task Durable => _durable.Task;

    /// <summary>Whose records are in the batch, and where; taken in when the batch is durable.</summary>
    public List<BatchNote> Notes { get; } = [];

    public void Begin(long number)
    {
        Number = number;
        (Records, Weight) = (0, 0);
        Length = BatchRecordBytes;
        Notes.Clear();
        _durable = NewCompletion();
    }

    /// <summary>Adds a record and returns its body, which the caller fills before it calls <see cref="EndRecord"/>.</summary>
    public Span<byte> BeginRecord(RecordType type, ReadOnlySpan<byte> group, LogPosition position, int bodyBytes)
    {
        var size = RecordHeader.SizeOf(group.Length, bodyBytes);
        if (_bytes.Length - Length < size) Array.Resize(ref _bytes, Math.Max(checked(Length + size), (int)Math.Min(2L * _bytes.Length, Array.MaxLength)));
        var record = _bytes.AsSpan(Length, size);
        var header = new RecordHeader
        {
            Type = type, Batch = 0, GroupBytes = group.Length, BodyBytes = bodyBytes, Epoch = position.Epoch, Index = position.Index, BodyChecksum = 0,
        };
        header.Write(record, group);
        var body = record.Slice(RecordHeader.Bytes + group.Length, bodyBytes);
        record[(RecordHeader.Bytes + group.Length + bodyBytes)..].Clear();
        (_recordStart, _recordGroupBytes) = (Length, group.Length);
        Length += size;
        Records++;
        Weight += PackedRecord.WeightOf(size);
        return body;
    }

    /// <summary>Adds a record of another place as it is, with its body's checksum, right or wrong.</summary>
    public void AddRecord(ReadOnlySpan<byte> record)
    {
        if (_bytes.Length - Length < record.Length) Array.Resize(ref _bytes, Math.Max(checked(Length + record.Length), (int)Math.Min(2L * _bytes.Length, Array.MaxLength)));
        record.CopyTo(_bytes.AsSpan(Length));
        Length += record.Length;
        Records++;
        Weight += PackedRecord.WeightOf(record.Length);
    }

    public void EndRecord() => RecordHeader.SealBody(_bytes.AsSpan(_recordStart, Length - _recordStart), _recordGroupBytes);

    /// <summary>Makes the batch ready for its place on the disk.</summary>
    /// <param name="node">Whose log it is.</param>
    /// <param name="segment">The segment it goes to.</param>
    /// <param name="offset">Where it goes. All before is confirmed, and so says the batch record (D3).</param>
    public ReadOnlySpan<byte> Seal(NodeId node, long segment, long offset)
    {
        var batch = _bytes.AsSpan(0, Length);
        var header = new RecordHeader
        {
            Type = RecordType.Batch, Batch = Number, GroupBytes = 0, BodyBytes = BodyOfBatchRecord,
            Epoch = Epoch.None, Index = new LogIndex(Records), BodyChecksum = 0,
        };
        header.Write(batch, []);
        var body = batch.Slice(RecordHeader.Bytes, BodyOfBatchRecord);
        BinaryPrimitives.WriteInt64LittleEndian(body, Length);
        BinaryPrimitives.WriteInt64LittleEndian(body[8..], segment);
        BinaryPrimitives.WriteInt64LittleEndian(body[16..], offset);
        RecordHeader.SealBody(batch[..BatchRecordBytes], 0);
        for (var at = 0; at < batch.Length;)
            at += RecordHeader.SealHeader(batch[at..], Number, RecordHeader.Seed(node, segment, offset + at));
        return batch;
    }

    /// <summary>The length that a batch record states for its batch.</summary>
    public static long LengthIn(ReadOnlySpan<byte> batchRecordBody) =>
        batchRecordBody.Length >= BodyOfBatchRecord ? BinaryPrimitives.ReadInt64LittleEndian(batchRecordBody) : 0;

    /// <summary>Gives another number to a batch that holds records already.</summary>
    public void Renumber(long number) => Number = number;

    /// <summary>Forgets what was written, so that it no longer counts as waiting.</summary>
    public void Reset()
    {
        (Records, Weight, Length) = (0, 0, BatchRecordBytes);
        Notes.Clear(); // they hold entries
    }

    public void Complete() => _durable.SetResult();

    public void Fail(LogFailedException failure)
    {
        if (_durable.TrySetException(failure)) _ = _durable.Task.Exception; // seen: nobody need wait for it
    }

    // Waiters continue on the pool, in the order in which they began to wait, and never on the flushing thread.
    private static TaskCompletionSource NewCompletion() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A record of a batch: whose it is, where in the batch it begins and how long it is; with the entry, if it is one.</summary>
internal readonly record struct BatchNote(GroupPins Group, RecordType Type, long Index, int Offset, int Bytes, EntryTail? Tail, LogEntry? Entry);
