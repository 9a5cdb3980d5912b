using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>Lets each operation on files first ask whether it shall fail.</summary>
/// <param name="inner">The file system below.</param>
/// <param name="before">Gets the operation's name and the path; throws to make it fail.</param>
/// <param name="written">Gets what was written.</param>
/// <param name="opening">Gets the path of a file that is to be opened; throws to make that fail.</param>
internal sealed class FaultyFiles(ILogFiles inner, Action<string, string> before, Action<byte[]>? written = null, Action<string>? opening = null) : ILogFiles
{
    public ILogFile Create(string path)
    {
        before(nameof(Create), path);
        return new FaultyFile(inner.Create(path), before, written);
    }

    public ILogFile Open(string path)
    {
        opening?.Invoke(path);
        return new FaultyFile(inner.Open(path), before, written);
    }

    public bool Exists(string path) => inner.Exists(path);

    public IReadOnlyList<string> List(string directory) => inner.List(directory);

    public void Delete(string path)
    {
        before(nameof(Delete), path);
        inner.Delete(path);
    }

    public void Replace(string from, string to)
    {
        before(nameof(Replace), to);
        inner.Replace(from, to);
    }

    public void CreateDirectory(string path) => inner.CreateDirectory(path);

    public void SyncDirectory(string path)
    {
        before(nameof(SyncDirectory), path);
        inner.SyncDirectory(path);
    }

    public IDisposable Lock(string path) => inner.Lock(path);

    private sealed class FaultyFile(ILogFile inner, Action<string, string> before, Action<byte[]>? written) : ILogFile
    {
        public string Path => inner.Path;
        public long Length => inner.Length;
        public int Read(Span<byte> buffer, long offset) => inner.Read(buffer, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            before(nameof(Write), Path);
            inner.Write(bytes, offset);
            written?.Invoke(bytes.ToArray());
        }

        public void Reserve(long length)
        {
            before(nameof(Reserve), Path);
            inner.Reserve(length);
        }

        public void Truncate(long length)
        {
            before(nameof(Truncate), Path);
            inner.Truncate(length);
        }

        public void Sync()
        {
            before(nameof(Sync), Path);
            inner.Sync();
        }

        public void Dispose() => inner.Dispose();
    }
}
