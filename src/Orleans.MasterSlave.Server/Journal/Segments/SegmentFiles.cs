namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The files of the log, and their reading. A file is never closed under a reader; one that was deleted or rewritten is closed when the last reader
/// leaves it. Thread safe.
/// </summary>
internal sealed class SegmentFiles(ILogFiles files, string directory) : IDisposable
{
    private const int MaxOpen = 32;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, SegmentFile> _files = [];
    private readonly List<SegmentFile> _open = [];
    private long _uses;

    public int Count
    {
        get
        {
            lock (_gate) return _files.Count;
        }
    }

    /// <summary>All files, the oldest first.</summary>
    public IReadOnlyList<SegmentFile> All()
    {
        lock (_gate) return [.. _files.Values];
    }

    public string PathOf(long number) => Path.Combine(directory, SegmentHeader.FileName(number));

    /// <summary>The file of this number; made known when it is not.</summary>
    public SegmentFile Of(long number)
    {
        lock (_gate)
        {
            if (!_files.TryGetValue(number, out var file)) _files[number] = file = new SegmentFile(number, PathOf(number));
            return file;
        }
    }

    public bool Contains(long number)
    {
        lock (_gate) return _files.ContainsKey(number);
    }

    public bool Contains(SegmentFile file)
    {
        lock (_gate) return _files.TryGetValue(file.Number, out var known) && known == file;
    }

    /// <summary>Takes a file out of the list and closes it when nobody reads it any more.</summary>
    public void Retire(SegmentFile file)
    {
        lock (_gate)
        {
            if (_files.TryGetValue(file.Number, out var known) && known == file) _files.Remove(file.Number);
            file.Retired = true;
            CloseIfUnused(file);
        }
    }

    /// <summary>Puts a rewritten file in the place of the one of its number; that one is not yet retired.</summary>
    public void Replace(SegmentFile file)
    {
        lock (_gate) _files[file.Number] = file;
    }

    /// <summary>Reads from a file; false when it is retired: the record has moved, or is gone.</summary>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    public bool TryRead(SegmentFile file, Span<byte> to, long offset, out int read)
    {
        read = 0;
        if (!TryHold(file)) return false;
        try
        {
            read = file.Handle!.Read(to, offset);
            return true;
        }
        finally
        {
            Release(file);
        }
    }

    /// <summary>Opens a file and keeps it open until <see cref="Release"/>; false when it is retired.</summary>
    public bool TryHold(SegmentFile file)
    {
        lock (_gate)
        {
            if (file.Retired) return false;
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

    public void Release(SegmentFile file)
    {
        lock (_gate)
        {
            file.Users--;
            if (file.Retired) CloseIfUnused(file);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var file in _files.Values) file.Retired = true;
            foreach (var file in _open.ToArray()) CloseIfUnused(file);
            _files.Clear();
        }
    }

    private void CloseIfUnused(SegmentFile file)
    {
        if (file is { Users: 0, Handle: not null }) Close(file);
    }

    private void Close(SegmentFile file)
    {
        file.Handle!.Dispose();
        file.Handle = null;
        _open.Remove(file);
    }
}
