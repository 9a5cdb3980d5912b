using Microsoft.Win32.SafeHandles;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The real file system, for reading only: whatever would change something throws. A running silo may go on writing, rolling and deleting
/// segments; those of one moment are held open (<see cref="Hold"/>), so that what is read is the log of that moment.
/// </summary>
internal sealed class ReadOnlyFiles : ILogFiles, IDisposable
{
    private readonly Dictionary<string, HeldFile> _held = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ShownFile> _shown = new(StringComparer.Ordinal);

    public bool Exists(string path) => _shown.ContainsKey(path) || _held.ContainsKey(path) || File.Exists(path);

    public ILogFile Open(string path) =>
        _shown.TryGetValue(path, out var shown) ? shown
        : _held.TryGetValue(path, out var held) ? held
        : OpenFrom(path) ?? throw new FileNotFoundException($"'{path}' is not there.", path);

    public IReadOnlyList<string> List(string directory) => DiskFiles.Instance.List(directory);

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

    private static InvalidOperationException Refused() => new("Opened for reading only.");

    private static HeldFile? OpenFrom(string path)
    {
        try
        {
            return new HeldFile(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
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

    /// <summary>Its length is the one at opening: what is cut off later holds nothing, and reads as zeros.</summary>
    private sealed class HeldFile(string path, SafeFileHandle handle) : ILogFile
    {
        private const int StepBytes = 1024 * 1024;
        private long _content = RandomAccess.GetLength(handle);

        public string Path => path;

        /// <summary>Stays open until it is released, whoever closes it.</summary>
        public bool IsHeld { get; set; }

        public long Length { get; } = RandomAccess.GetLength(handle);

        // A batch is begun only when the one before is on the disk. So of all that lies before a byte that was once seen, only the batch of that byte
        // can be unfinished; what lies behind it may be half there, and is not looked at.
        public void FreezeContent()
        {
            var buffer = new byte[(int)Math.Min(StepBytes, Length)];
            for (var end = Length; end > 0;)
            {
                var start = Math.Max(0, end - buffer.Length);
                var step = buffer.AsSpan(0, (int)(end - start));
                ReadAt(step, start);
                if (step.LastIndexOfAnyExcept((byte)0) is >= 0 and var last)
                {
                    _content = start + last + 1;
                    return;
                }

                end = start;
            }

            _content = 0;
        }

        public int Read(Span<byte> buffer, long offset)
        {
            var length = (int)Math.Clamp(Length - offset, 0, buffer.Length);
            var there = (int)Math.Clamp(_content - offset, 0, length);
            ReadAt(buffer[..there], offset);
            buffer[there..length].Clear();
            return length;
        }

        public void Dispose()
        {
            if (!IsHeld) handle.Dispose();
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset) => throw Refused();
        public void Reserve(long length) => throw Refused();
        public void Truncate(long length) => throw Refused();
        public void Sync() => throw Refused();

        private void ReadAt(Span<byte> buffer, long offset)
        {
            while (buffer.Length > 0)
            {
                var read = RandomAccess.Read(handle, buffer, offset);
                if (read == 0) break;
                buffer = buffer[read..];
                offset += read;
            }

            buffer.Clear();
        }
    }
}
