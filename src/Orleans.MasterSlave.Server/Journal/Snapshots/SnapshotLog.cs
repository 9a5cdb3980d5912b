using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The snapshots of all groups that are too large for the log itself, in files of their own (D5, D6; docs/log.md). The log's records say which is in use: a
/// snapshot counts only when a record that names its number is durable. Thread safe.
/// </summary>
internal sealed class SnapshotLog : IDisposable
{
    private readonly ILogFiles _files;
    private readonly string _logDirectory;
    private readonly SnapshotWriter _writer;
    private readonly SnapshotReader _reader;

    public SnapshotLog(ILogFiles files, string logDirectory, NodeId node, int fileBytes, Func<Exception, LogFailedException> failed)
    {
        (_files, _logDirectory) = (files, logDirectory);
        Files = new SnapshotFiles(files, logDirectory, node);
        _writer = new SnapshotWriter(files, Files, fileBytes, failed);
        _reader = new SnapshotReader(Files);
    }

    public SnapshotFiles Files { get; }

    /// <summary>Takes in the files that are there. Begins none: a new life never writes to a file of an earlier one.</summary>
    /// <param name="inUse">The numbers that the log's records name.</param>
    /// <param name="keepAll">The log is damaged: what seems unneeded may be all that is left of a group.</param>
    public void Begin(IReadOnlyCollection<long> inUse, bool keepAll)
    {
        _files.CreateDirectory(Files.Directory);
        _files.SyncDirectory(_logDirectory);
        foreach (var name in _files.List(Files.Directory))
            if (name.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal)) _files.Delete(Path.Combine(Files.Directory, name));
        Files.Load();

        // What is damaged may be whole again at the next start, and names numbers then that nobody knows of now.
        var lastNumber = Files.All().Select(file => keepAll ? Files.LastNumberIn(file) : file.First).Concat(inUse).DefaultIfEmpty().Max();
        foreach (var number in inUse) Files.Need(number);
        if (keepAll)
            foreach (var file in Files.All()) (file.IsHarmed, file.IsEvidence) = (true, true);
        foreach (var file in Files.TakeUnneeded()) _files.Delete(file.Path);
        _writer.Begin(lastNumber);
    }

    /// <inheritdoc cref="SnapshotWriter.WriteAsync"/>
    public Task<long> WriteAsync(byte[] group, LogSnapshot snapshot) => _writer.WriteAsync(group, snapshot);

    /// <inheritdoc cref="SnapshotReader.Read"/>
    public LogSnapshot Read(GroupId group, ReadOnlySpan<byte> name, in SnapshotRecord record) => _reader.Read(group, name, record);

    /// <summary>No record names this snapshot any more, or none ever will.</summary>
    public void Release(long number) => Files.Release(number);

    /// <inheritdoc cref="SnapshotWriter.StopAsync"/>
    public Task StopAsync() => _writer.StopAsync();

    public void Dispose()
    {
        _writer.Dispose();
        Files.Dispose();
    }
}
