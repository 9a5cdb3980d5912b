namespace Orleans.MasterSlave.Journal;

/// <summary>
/// A file system for reading only: whatever would change something throws. A running silo may go on writing, rolling and deleting
/// segments; those of one moment are held open (<see cref="Hold"/>), so that what is read is the log of that moment.
/// </summary>
/// <param name="disk">What is read.</param>
/// <param name="progress">Told of what is read; may be null.</param>
internal sealed class ReadOnlyFiles(ILogFiles disk, ReadingProgress? progress = null) : ILogFiles, IDisposable
{
    private readonly Dictionary<string, HeldFile> _held = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ShownFile> _shown = new(StringComparer.Ordinal);

    /// <summary>Reads the real file system.</summary>
    public ReadOnlyFiles()
        : this(DiskFiles.ForReading)
    {
    }

    public bool Exists(string path) => _shown.ContainsKey(path) || _held.ContainsKey(path) || disk.Exists(path);

    public ILogFile Open(string path) =>
        _shown.TryGetValue(path, out var shown) ? shown
        : _held.TryGetValue(path, out var held) ? held
        : OpenFrom(path) ?? throw new FileNotFoundException($"'{path}' is not there.", path);

    public IReadOnlyList<string> List(string directory) => disk.List(directory);

    /// <summary>Holds a file as it is now, whatever its writer does to it later; false when it is not there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="growing">True when it is being appended to: then only what is there now is seen of it, and zeros where more is to come.</param>
    public bool Hold(string path, bool growing)
    {
        if (OpenFrom(path) is not { } file) return false;
        file.IsHeld = true;
        _held.Add(path, file);
        if (growing) file.FreezeContent();
        return true;
    }

    /// <summary>From where on the disk does not read a file that is held, as far as it was asked for; null: it read all.</summary>
    public LogFinding? UnreadIn(string path) => _held.GetValueOrDefault(path)?.Unread;

    /// <summary>Shows other content in the place of a file, until all is released.</summary>
    public void Show(string path, byte[] content) => _shown[path] = new ShownFile(path, content);

    /// <summary>Lets all files go that are held, and shows all as they are.</summary>
    public void Release()
    {
        _shown.Clear();
        foreach (var file in _held.Values)
        {
            file.IsHeld = false;
            file.Dispose();
        }

        _held.Clear();
    }

    public void Dispose() => Release();

    public ILogFile Create(string path) => throw Refused();
    public void Delete(string path) => throw Refused();
    public void Replace(string from, string to) => throw Refused();
    public void CreateDirectory(string path) => throw Refused();
    public void SyncDirectory(string path) => throw Refused();
    public IDisposable Lock(string path) => throw Refused();

    internal static InvalidOperationException Refused() => new("Opened for reading only.");

    private HeldFile? OpenFrom(string path)
    {
        try
        {
            return new HeldFile(disk.Open(path), progress);
        }
        catch (Exception ex) when (ex is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private sealed class ShownFile(string path, byte[] content) : ILogFile
    {
        public string Path => path;
        public long Length => content.Length;

        public int Read(Span<byte> buffer, long offset)
        {
            var there = content.AsSpan((int)Math.Min(offset, content.Length));
            if (there.Length > buffer.Length) there = there[..buffer.Length];
            there.CopyTo(buffer);
            return there.Length;
        }

        public void Dispose()
        {
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset) => throw Refused();
        public void Reserve(long length) => throw Refused();
        public void Truncate(long length) => throw Refused();
        public void Sync() => throw Refused();
    }
}
