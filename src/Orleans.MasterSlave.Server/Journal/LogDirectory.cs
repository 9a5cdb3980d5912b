using System.Security.Cryptography;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The folder that makes a silo a node: its lasting identity, its count of starts, the store it belongs to (I1, I2), and its log. Locked for
/// the life of the process.
/// </summary>
internal sealed class LogDirectory : IDisposable
{
    public const string LockFileName = "lock";

    private readonly IDisposable _lock;
    private NodeFile _node;

    private LogDirectory(string path, ILogFiles files, IDisposable @lock, NodeFile node)
    {
        Path = path;
        Files = files;
        _lock = @lock;
        _node = node;
    }

    public string Path { get; }

    public ILogFiles Files { get; }

    public NodeId NodeId => _node.Node;

    /// <summary>
    /// The present run of the operating system, and the lock file that this process holds in it; empty when it cannot be told.
    /// </summary>
    public string BootId => _node.BootId;

    /// <summary>Number of this start: one higher, durably, than at any start before (I2).</summary>
    public long StartCount => _node.StartCount;

    public NodeLife Life => new(NodeId, StartCount);

    /// <summary>The store this node belongs to; null until <see cref="SetStoreId"/>.</summary>
    public StoreId? StoreId => _node.Store.Value == Guid.Empty ? null : _node.Store;

    /// <summary>Opens or makes the directory, locks it, and counts the start.</summary>
    /// <param name="path">The folder; made when missing.</param>
    /// <param name="files">The file system; the real one when null.</param>
    /// <param name="newNodeId">Makes the identity of a new directory; random when null.</param>
    /// <param name="bootId">Names the present run of the operating system and the lock file in it; empty when it cannot be told.</param>
    /// <exception cref="LogDirectoryLockedException">Another process holds it.</exception>
    /// <exception cref="LogDirectoryAccessException">It cannot be made or written.</exception>
    /// <exception cref="LogFormatException">A newer version wrote it.</exception>
    /// <exception cref="LogDamagedException">The identity cannot be read.</exception>
    public static Task<LogDirectory> OpenAsync(string path, ILogFiles? files = null, Func<Guid>? newNodeId = null, Func<string>? bootId = null) =>
        Task.Run(() => Open(path, files, newNodeId, bootId));

    /// <inheritdoc cref="OpenAsync"/>
    public static LogDirectory Open(string path, ILogFiles? files = null, Func<Guid>? newNodeId = null, Func<string>? bootId = null)
    {
        path = System.IO.Path.GetFullPath(path);
        files ??= DiskFiles.Instance;
        IDisposable? held = null;
        try
        {
            files.CreateDirectory(path);
            var lockFile = System.IO.Path.Combine(path, LockFileName);
            held = files.Lock(lockFile);
            var boot = bootId is null ? LockPlace.Of(lockFile) : bootId();
            var previous = ReadOrCreate(path, files, newNodeId ?? RandomGuid);
            var node = previous with { StartCount = previous.StartCount + 1, BootId = boot };
            node.Write(files, path);
            return new LogDirectory(path, files, held, node);
        }
        catch (Exception ex)
        {
            held?.Dispose();
            if (ex is DirectoryNotFoundException or FileNotFoundException or PathTooLongException || FileErrors.IsOfDisk(ex))
                throw new LogDirectoryAccessException($"The log directory '{path}' cannot be used: {ex.Message} Let the silo's user write there, or choose another directory.", ex);
            throw;
        }
    }

    /// <summary>The directory as it is, for reading: not locked, no start counted, nothing written.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="files">A file system that refuses to write.</param>
    /// <param name="node">Whose it is (<see cref="LogIdentity"/>).</param>
    public static LogDirectory ForReading(string path, ReadOnlyFiles files, NodeFile node) => new(path, files, files, node);

    /// <summary>Whether there are files of a log in a folder.</summary>
    public static bool HasSegments(string path, ILogFiles files) => SegmentHeader.NumbersIn(path, files).Any();

    /// <summary>There are segments, but no file that says whose they are.</summary>
    public static LogDamagedException NodeMissing(string nodePath) =>
        new($"'{nodePath}' is missing, but there are log segments: this node no longer knows who it is. Bring the file back, or give the node an empty directory.", nodePath, 0, null);

    /// <summary>Keeps the store's id beside the log, once for all (I1).</summary>
    /// <exception cref="LogDirectoryMismatchException">The directory belongs to another store.</exception>
    public void SetStoreId(StoreId store)
    {
        if (StoreId == store) return;
        if (StoreId is { } other)
            throw new LogDirectoryMismatchException(
                $"The log directory '{Path}' belongs to the group store {other.Value}, but the silo is connected to {store.Value}. Connect it to the right store, or use another directory.");
        var node = _node with { Store = store };
        node.Write(Files, Path);
        _node = node;
    }

    public void Dispose() => _lock.Dispose();

    private static NodeFile ReadOrCreate(string path, ILogFiles files, Func<Guid> newNodeId)
    {
        var nodePath = System.IO.Path.Combine(path, NodeFile.FileName);
        if (files.Exists(nodePath)) return NodeFile.Read(files, nodePath);
        if (HasSegments(path, files)) throw NodeMissing(nodePath);

        // The list of segments comes before the identity: from the moment the node exists, a missing list is a loss and not a beginning.
        var node = new NodeFile(new NodeId(newNodeId()), default, 0, "");
        SegmentManifest.Empty(node.Node).Write(files, path);
        node.Write(files, path);
        if (System.IO.Path.GetDirectoryName(path) is { } parent) files.SyncDirectory(parent);
        return node;
    }

    private static Guid RandomGuid() => new(RandomNumberGenerator.GetBytes(16));
}
