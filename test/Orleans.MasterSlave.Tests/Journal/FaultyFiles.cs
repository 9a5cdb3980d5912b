using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>Lets each operation on files first ask whether it shall fail.</summary>
/// <param name="inner">The file system below.</param>
/// <param name="before">Gets the operation's name and the path; throws to make it fail.</param>
/// <param name="written">Gets what was written.</param>
/// <param name="opening">Gets the path of a file that is to be opened; throws to make that fail.</param>
/// <param name="gate">When given, the question and the operation are one step for whoever holds it: nothing is done after the power failed.</param>
/// <param name="reading">Gets the path, the offset and the length of what is to be read; throws to make that fail.</param>
internal sealed class FaultyFiles(
    ILogFiles inner, Action<string, string> before, Action<byte[]>? written = null, Action<string>? opening = null, Lock? gate = null, Action<string, long, int>? reading = null) : ILogFiles
{
    private readonly Lock _gate = gate ?? new Lock();
    private readonly bool _isOneStep = gate is not null;

    private void Do(string name, string path, Action operation)
    {
        if (!_isOneStep)
        {
            before(name, path);
            operation();
            return;
        }

        lock (_gate)
        {
            before(name, path);
            operation();
        }
    }

    private void Reading(string path, long offset, int length) => reading?.Invoke(path, offset, length);

    private void Written(byte[] bytes) => written?.Invoke(bytes);

    public ILogFile Create(string path)
    {
        ILogFile? file = null;
        Do(nameof(Create), path, () => file = inner.Create(path));
        return new FaultyFile(this, file!);
    }

    public ILogFile Open(string path)
    {
        opening?.Invoke(path);
        return new FaultyFile(this, inner.Open(path));
    }

    public bool Exists(string path) => inner.Exists(path);

    public IReadOnlyList<string> List(string directory) => inner.List(directory);

    public void Delete(string path) => Do(nameof(Delete), path, () => inner.Delete(path));

    public void Replace(string from, string to) => Do(nameof(Replace), to, () => inner.Replace(from, to));

    public void CreateDirectory(string path) => inner.CreateDirectory(path);

    public void SyncDirectory(string path) => Do(nameof(SyncDirectory), path, () => inner.SyncDirectory(path));

    public IDisposable Lock(string path) => inner.Lock(path);

    private sealed class FaultyFile(FaultyFiles files, ILogFile inner) : ILogFile
    {
        public string Path => inner.Path;
        public long Length => inner.Length;

        public int Read(Span<byte> buffer, long offset)
        {
            files.Reading(Path, offset, buffer.Length);
            return inner.Read(buffer, offset);
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            var copy = bytes.ToArray();
            files.Do(nameof(Write), Path, () => inner.Write(copy, offset));
            files.Written(copy);
        }

        public void Reserve(long length) => files.Do(nameof(Reserve), Path, () => inner.Reserve(length));

        public void Truncate(long length) => files.Do(nameof(Truncate), Path, () => inner.Truncate(length));

        public void Sync() => files.Do(nameof(Sync), Path, inner.Sync);

        public void Dispose() => inner.Dispose();
    }
}
