using Microsoft.Win32.SafeHandles;

namespace Orleans.MasterSlave.Journal;

/// <summary>The real file system.</summary>
internal sealed class DiskFiles : ILogFiles
{
    public static readonly DiskFiles Instance = new(FileAccess.ReadWrite, FileShare.ReadWrite);

    /// <summary>Opens files that it may only read, and keeps nobody from writing, renaming or deleting them.</summary>
    public static readonly DiskFiles ForReading = new(FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private readonly FileAccess _access;
    private readonly FileShare _share;

    private DiskFiles(FileAccess access, FileShare share) => (_access, _share) = (access, share);

    public ILogFile Create(string path)
    {
        try
        {
            return new DiskFile(path, FileMode.CreateNew, _access, _share);
        }
        catch (IOException ex) when (DataSync.IsNoSpace(ex))
        {
            throw new LogFullException($"There is no room for the file '{path}'. Free space on this disk; the log then goes on by itself.", ex);
        }
    }

    public ILogFile Open(string path) => new DiskFile(path, FileMode.Open, _access, _share);

    public bool Exists(string path) => File.Exists(path);

    public IReadOnlyList<string> List(string directory)
    {
        if (!Directory.Exists(directory)) return [];
        var names = Directory.GetFiles(directory).Select(path => Path.GetFileName(path)).ToArray();
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    public void Delete(string path)
    {
        if (File.Exists(path)) File.Delete(path);
    }

    public void Replace(string from, string to) => File.Move(from, to, overwrite: true);

    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public void SyncDirectory(string path) => DataSync.Directory(path);

    public IDisposable Lock(string path)
    {
        try
        {
            // FileShare.None takes an exclusive advisory lock that dies with the process.
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException ex) when (ex is not (DirectoryNotFoundException or PathTooLongException) && File.Exists(path))
        {
            throw new LogDirectoryLockedException(
                $"Another process uses the log directory '{Path.GetDirectoryName(path)}'. Stop it, or give each silo a directory of its own.", ex);
        }
    }

    private sealed class DiskFile(string path, FileMode mode, FileAccess access, FileShare share) : ILogFile
    {
        private readonly SafeFileHandle _handle = File.OpenHandle(path, mode, access, share);

        public string Path => path;

        public long Length => RandomAccess.GetLength(_handle);

        public int Read(Span<byte> buffer, long offset)
        {
            var total = 0;
            while (total < buffer.Length)
            {
                var read = RandomAccess.Read(_handle, buffer[total..], offset + total);
                if (read == 0) break;
                total += read;
            }

            return total;
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(_handle, bytes, offset);

        public void Reserve(long length) => DataSync.Reserve(_handle, path, length);

        public void Truncate(long length) => RandomAccess.SetLength(_handle, length);

        public void Sync() => DataSync.File(_handle, path);

        public void Dispose() => _handle.Dispose();
    }
}
