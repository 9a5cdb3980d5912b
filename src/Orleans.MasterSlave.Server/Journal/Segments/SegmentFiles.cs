namespace Orleans.MasterSlave.Journal;

/// <summary>The segment files of the log, by number. Thread safe.</summary>
internal sealed class SegmentFiles(ILogFiles files, string directory) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, SegmentFile> _files = [];

    /// <summary>For reading them.</summary>
    public OpenFiles Open { get; } = new(files);

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

    /// <summary>Takes a file out of the list; it is closed when nobody reads it any more.</summary>
    public void Retire(SegmentFile file)
    {
        lock (_gate)
        {
            if (_files.TryGetValue(file.Number, out var known) && known == file) _files.Remove(file.Number);
        }

        Open.Retire(file);
    }

    /// <summary>Puts a rewritten file in the place of the one of its number; that one is not yet retired.</summary>
    public void Replace(SegmentFile file)
    {
        lock (_gate) _files[file.Number] = file;
    }

    public void Dispose() => Open.Dispose();
}
