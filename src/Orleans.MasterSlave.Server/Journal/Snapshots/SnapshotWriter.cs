using System.Buffers.Binary;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Writes snapshots to the snapshot log. What comes during one sync is the next batch, as in the log itself; the files are others, so that the log's own
/// batches do not wait for large ones. Thread safe.
/// </summary>
/// <param name="files">The file system.</param>
/// <param name="snapshots">The files of the snapshot log.</param>
/// <param name="fileBytes">Length from which on another file is begun; a larger snapshot has a file of its own.</param>
/// <param name="failed">Told of any error but a full disk: the log fails for good (D2). Returns what waiters are told.</param>
internal sealed class SnapshotWriter(ILogFiles files, SnapshotFiles snapshots, int fileBytes, Func<Exception, LogFailedException> failed) : IDisposable
{
    // A sync of more would hold up the log's own syncs on the same disk.
    private const long MaxBatchBytes = 4 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<Waiting> _waiting = []; // at most one of each group: its replica waits for it
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;
    private LogFailedException? _failure;

    // Of the one who writes.
    private readonly byte[] _padding = new byte[SnapshotHead.ChecksumBytes + SnapshotHead.Alignment];
    private ILogFile? _file;
    private long _position;
    private long _lastNumber;

    /// <summary>Goes on numbering after all numbers ever given. Before the first <see cref="WriteAsync"/>.</summary>
    public void Begin(long lastNumber) => _lastNumber = lastNumber;

    /// <summary>Writes a snapshot; when the task completes it is durable. Returns its number.</summary>
    /// <exception cref="LogFullException">There is no room; nothing is left behind.</exception>
    /// <exception cref="LogFailedException">The disk failed, and the log with it.</exception>
    public Task<long> WriteAsync(byte[] group, LogSnapshot snapshot)
    {
        var waiting = new Waiting(group, snapshot, new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_gate)
        {
            if (_failure is not null) return Task.FromException<long>(_failure);
            _waiting.Enqueue(waiting);
            if (_isWriting) return waiting.Done.Task;
            _isWriting = true;
            _writing = Task.Run(WriteAll);
        }

        return waiting.Done.Task;
    }

    /// <summary>Takes no more; completes when what was taken is written. The next life of the log gives the same numbers.</summary>
    public Task StopAsync()
    {
        lock (_gate)
        {
            _failure ??= new LogFailedException("The log is closed.");
            return _writing;
        }
    }

    public void Dispose() => _file?.Dispose();

    private void WriteAll()
    {
        while (Take() is { Count: > 0 } batch)
        {
            try
            {
                Write(batch);
            }
            catch (LogFullException ex)
            {
                foreach (var one in batch) one.Done.SetException(ex);
            }
            catch (Exception ex)
            {
                Fail(batch, ex);
            }
        }
    }

    private List<Waiting> Take()
    {
        List<Waiting> batch = [];
        lock (_gate)
        {
            var bytes = 0L;
            while (_waiting.TryPeek(out var next) && (batch.Count == 0 || bytes + next.Bytes <= Math.Min(MaxBatchBytes, fileBytes)))
            {
                bytes += next.Bytes;
                batch.Add(_waiting.Dequeue());
            }

            _isWriting = batch.Count > 0;
        }

        return batch;
    }

    private void Write(List<Waiting> batch)
    {
        var bytes = batch.Sum(one => one.Bytes);
        if (_file is null || (_position > 0 && _position + bytes > fileBytes)) Roll();
        var file = _file!;
        try
        {
            file.Reserve(_position + bytes);
        }
        catch (LogFullException)
        {
            file.Truncate(_position);
            throw;
        }

        var written = new List<(long Number, SnapshotPlace Place)>(batch.Count);
        var at = _position;
        foreach (var one in batch)
        {
            var number = ++_lastNumber;
            Write(file, at, number, one);
            written.Add((number, new SnapshotPlace(at, one.Bytes)));
            at += one.Bytes;
        }

        file.Sync();
        _position = at;
        foreach (var (number, place) in written) snapshots.Added(number, place);
        for (var i = 0; i < batch.Count; i++) batch[i].Done.SetResult(written[i].Number);
    }

    private void Write(ILogFile file, long at, long number, Waiting one)
    {
        var (group, snapshot) = (one.Group, one.Snapshot);
        var head = new byte[SnapshotHead.Bytes + group.Length];
        new SnapshotHead(snapshots.Node, number, group.Length, snapshot.Position, snapshot.DataLossCount, snapshot.TimeUtc, snapshot.State.Length).Write(head, snapshots.InUse!.First, at);
        group.CopyTo(head.AsSpan(SnapshotHead.Bytes));
        BinaryPrimitives.WriteUInt64LittleEndian(_padding, SnapshotHead.BodyChecksum(group, snapshot.State, number));
        file.Write(head, at);
        file.Write(snapshot.State, at + head.Length);
        file.Write(_padding.AsSpan(0, (int)(one.Bytes - head.Length - snapshot.State.Length)), at + head.Length + snapshot.State.Length);
    }

    // The name is durable before there is anything in the file.
    private void Roll()
    {
        _file?.Dispose();
        _file = null;
        snapshots.Use(null);
        var begun = new SnapshotFile(_lastNumber + 1, snapshots.PathOf(_lastNumber + 1)) { Places = [] };
        _file = files.Create(begun.Path);
        _position = 0;
        snapshots.Use(begun);
        files.SyncDirectory(snapshots.Directory);
    }

    private void Fail(List<Waiting> batch, Exception reason)
    {
        var failure = failed(reason);
        lock (_gate)
        {
            _failure = failure;
            batch.AddRange(_waiting);
            _waiting.Clear();
        }

        foreach (var one in batch) one.Done.TrySetException(new LogFailedException(failure.Message, reason));
    }

    private sealed record Waiting(byte[] Group, LogSnapshot Snapshot, TaskCompletionSource<long> Done)
    {
        public long Bytes { get; } = SnapshotHead.SizeOf(Group.Length, Snapshot.State.Length);
    }
}
