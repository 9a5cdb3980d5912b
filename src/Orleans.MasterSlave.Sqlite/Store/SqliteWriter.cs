using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Orleans.MasterSlave.Sqlite;

/// <summary>
/// The one writer of this process on a file. Writes that wait at the same moment share a transaction and its sync to disk.
/// The transaction begins with the write lock (BEGIN IMMEDIATE), so it never fails half-way for another process's sake.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private const int MaxWaiting = 4096;
    private const int MaxBatch = 64; // keeps the lock for a few milliseconds at most

    private readonly SqliteConnector _connector;
    private readonly Channel<Write> _waiting;
    private readonly Task _pump;
    private SqliteConnection? _connection; // written by the pump only

    public SqliteWriter(SqliteConnector connector)
    {
        _connector = connector;
        _waiting = Channel.CreateBounded<Write>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
        _pump = Task.Run(PumpAsync);
    }

    public Task<T> WriteAsync<T>(Func<SqliteCommand, T> body)
    {
        var write = new Write<T>(body);
        if (!_waiting.Writer.TryWrite(write))
        {
            return Task.FromException<T>(_waiting.Reader.Completion.IsCompleted || _pump.IsCompleted
                ? new ObjectDisposedException(nameof(SqliteStore))
                : new SqliteStoreBusyException($"{MaxWaiting} writes wait for '{_connector.Path}' already; nothing was changed.", _connector.Path));
        }

        return write.Task;
    }

    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        _pump.GetAwaiter().GetResult(); // what was accepted is still written
    }

    private async Task PumpAsync()
    {
        var batch = new List<Write>(MaxBatch);
        while (await _waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            batch.Clear();
            while (batch.Count < MaxBatch && _waiting.Reader.TryRead(out var write))
            {
                batch.Add(write);
            }

            Run(batch);
        }

        _connection?.Dispose();
    }

    private void Run(List<Write> batch)
    {
        var failure = TryRun(batch, out var mayRetry);
        if (failure is null)
        {
            batch.ForEach(write => write.Complete());
        }
        else if (!mayRetry || batch.Count == 1)
        {
            Fail(batch, failure);
        }
        else
        {
            batch.ForEach(write => Run([write])); // each for itself, so that one bad write fails alone
        }
    }

    /// <param name="batch">What goes into one transaction.</param>
    /// <param name="mayRetry">Whether a failure came from one of the statements, and everything is undone.</param>
    /// <returns>Why it failed; null when all of it is on the disk.</returns>
    private Exception? TryRun(List<Write> batch, out bool mayRetry)
    {
        mayRetry = false;
        var failure = Begin(out var transaction);
        if (failure is SqliteStoreBusyException)
        {
            FailWaiting(failure); // they have waited as long: each must not add a timeout of its own to the queue behind it
        }

        if (failure is null)
        {
            failure = Execute(batch, transaction!);
            mayRetry = failure is not null;
        }

        failure ??= Commit(transaction!);
        if (failure is not null)
        {
            Close();
        }

        return failure;
    }

    private Exception? Begin(out SqliteTransaction? transaction)
    {
        transaction = null;
        try
        {
            _connection ??= _connector.Open();
            transaction = _connection.BeginTransaction(deferred: false);
            return null;
        }
        catch (Exception error)
        {
            return Translate(error, outcomeUnknown: false);
        }
    }

    private Exception? Execute(List<Write> batch, SqliteTransaction transaction)
    {
        try
        {
            foreach (var write in batch)
            {
                using var command = transaction.Connection!.CreateCommand();
                command.Transaction = transaction;
                write.Execute(command);
            }

            return null;
        }
        catch (Exception error)
        {
            return Translate(error, outcomeUnknown: false);
        }
    }

    private Exception? Commit(SqliteTransaction transaction)
    {
        try
        {
            transaction.Commit();
            transaction.Dispose();
            return null;
        }
        catch (Exception error)
        {
            return Translate(error, outcomeUnknown: true);
        }
    }

    private Exception Translate(Exception error, bool outcomeUnknown)
        => error is SqliteException sqlite ? SqliteErrors.Translate(sqlite, _connector.Path, outcomeUnknown) : error;

    private static void Fail(List<Write> batch, Exception failure)
    {
        batch.ForEach(write => write.Fail(failure));
    }

    private void FailWaiting(Exception failure)
    {
        for (var count = _waiting.Reader.Count; count > 0 && _waiting.Reader.TryRead(out var write); count--)
        {
            write.Fail(failure);
        }
    }

    /// <summary>Closing rolls back what is open.</summary>
    private void Close()
    {
        try
        {
            _connection?.Dispose();
        }
        catch (SqliteException)
        {
            // The failure that led here is the one to report.
        }

        _connection = null;
    }

    private abstract class Write
    {
        public abstract void Execute(SqliteCommand command);

        public abstract void Complete();

        public abstract void Fail(Exception failure);
    }

    private sealed class Write<T>(Func<SqliteCommand, T> body) : Write
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;

        public Task<T> Task => _done.Task;

        public override void Execute(SqliteCommand command) => _result = body(command);

        public override void Complete() => _done.SetResult(_result);

        public override void Fail(Exception failure) => _done.SetException(failure);
    }
}
