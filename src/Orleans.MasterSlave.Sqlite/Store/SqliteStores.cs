namespace Orleans.MasterSlave.Sqlite;

/// <summary>The files that this process has open: users of the same path share one <see cref="SqliteStore"/>, and so its write batches.</summary>
internal sealed class SqliteStores(TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Path, TimeSpan BusyTimeout), SqliteStore> _stores = []; // under _lock
    private bool _disposed; // under _lock

    public SqliteStore Get(SqliteStoreOptions options)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var key = (Path.GetFullPath(options.Path), options.BusyTimeout);
            if (!_stores.TryGetValue(key, out var store))
            {
                store = new SqliteStore(key.Item1, key.BusyTimeout, time);
                _stores.Add(key, store);
            }

            return store;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (var store in _stores.Values)
            {
                store.Dispose();
            }

            _stores.Clear();
        }
    }
}
