namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Keeps some files open for reading. None is closed under a reader; one that was deleted or rewritten is closed when the last reader leaves it. Thread safe.
/// </summary>
internal sealed class OpenFiles(ILogFiles files) : IDisposable
{
    private const int MaxOpen = 32;
    private readonly Lock _gate = new();
    private readonly List<LogFile> _open = [];
    private long _uses;
    private bool _over;

    /// <summary>Reads from a file; false when it is retired: what it held has moved, or is gone.</summary>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    public bool TryRead(LogFile file, Span<byte> to, long offset, out int read)
    {
        read = 0;
        if (!TryHold(file)) return false;
        try
        {
            read = file.Handle!.ReadAt(to, offset);
            return true;
        }
        finally
        {
            Release(file);
        }
    }

    /// <summary>Opens a file and keeps it open until <see cref="Release"/>; false when it is retired.</summary>
    public bool TryHold(LogFile file)
    {
        lock (_gate)
        {
            if (file.Retired || _over) return false;
            if (file.Handle is null)
            {
                file.Handle = files.Open(file.Path);
                _open.Add(file);
            }

            file.Users++;
            file.LastUse = ++_uses;
            if (_open.Count > MaxOpen && _open.Where(other => other.Users == 0).MinBy(other => other.LastUse) is { } idle) Close(idle);
            return true;
        }
    }

    public void Release(LogFile file)
    {
        lock (_gate)
        {
            file.Users--;
            if (file.Retired || _over) CloseIfUnused(file);
        }
    }

    /// <summary>Lets nobody read a file any more but those who hold it.</summary>
    public void Retire(LogFile file)
    {
        lock (_gate)
        {
            file.Retired = true;
            CloseIfUnused(file);
        }
    }

    /// <summary>Retires all.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _over = true;
            foreach (var file in _open.ToArray()) CloseIfUnused(file);
        }
    }

    private void CloseIfUnused(LogFile file)
    {
        if (file is { Users: 0, Handle: not null }) Close(file);
    }

    private void Close(LogFile file)
    {
        file.Handle!.Dispose();
        file.Handle = null;
        _open.Remove(file);
    }
}
