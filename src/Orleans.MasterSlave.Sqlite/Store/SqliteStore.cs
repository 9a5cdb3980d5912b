using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Orleans.MasterSlave.Sqlite;

/// <summary>
/// One SQLite file as this process uses it: reads on a few connections, all writes through one <see cref="SqliteWriter"/>.
/// A connection on which anything failed is closed, never used again.
/// </summary>
internal sealed class SqliteStore : IDisposable
{
    private const int MaxReaders = 4;

    private readonly SqliteConnector _connector;
    private readonly SqliteWriter _writer;
    private readonly SemaphoreSlim _readers = new(MaxReaders);
    private readonly ConcurrentBag<SqliteConnection> _idleReaders = [];
    private volatile bool _disposed;

    public SqliteStore(string path, TimeSpan busyTimeout, TimeProvider time)
    {
        _connector = new SqliteConnector(path, busyTimeout, time);
        _writer = new SqliteWriter(_connector);
    }

    /// <summary>Opens the file, creates it and its tables when missing. Blocks: for start-up.</summary>
    /// <exception cref="SqliteStoreException">The file cannot be used; the type and message say why.</exception>
    public void Initialize() => _connector.Open().Dispose();

    /// <summary>Runs <paramref name="read"/> off the caller's scheduler. It must be one statement: that is what makes it atomic.</summary>
    public async Task<T> ReadAsync<T>(Func<SqliteCommand, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _readers.WaitAsync().ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Read(read)).ConfigureAwait(false);
        }
        finally
        {
            _readers.Release();
        }
    }

    /// <summary>
    /// Runs <paramref name="write"/> in a write transaction that is on the disk when the task completes. It runs on another thread, it
    /// may run twice (the first time undone), and it shares the transaction with other writes: it must only execute statements.
    /// </summary>
    /// <exception cref="SqliteStoreBusyException">Nothing was changed; try later.</exception>
    /// <exception cref="SqliteStoreException">See <see cref="SqliteStoreException.OutcomeUnknown"/>.</exception>
    public Task<T> WriteAsync<T>(Func<SqliteCommand, T> write)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _writer.WriteAsync(write);
    }

    private T Read<T>(Func<SqliteCommand, T> read)
    {
        if (!_idleReaders.TryTake(out var connection))
        {
            connection = _connector.Open();
        }

        try
        {
            T result;
            using (var command = connection.CreateCommand())
            {
                result = read(command);
            }

            _idleReaders.Add(connection);
            connection = null;
            if (_disposed)
            {
                CloseIdleReaders();
            }

            return result;
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.Translate(error, _connector.Path);
        }
        finally
        {
            connection?.Dispose();
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _writer.Dispose();
        CloseIdleReaders();
    }

    private void CloseIdleReaders()
    {
        while (_idleReaders.TryTake(out var connection))
        {
            connection.Dispose();
        }
    }
}
