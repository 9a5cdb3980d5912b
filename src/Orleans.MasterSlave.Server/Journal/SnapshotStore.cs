using System.Buffers.Binary;
using System.IO.Hashing;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Snapshots too large for the log, one file each, written once and never changed; the log's records say which are in use. Thread safe.
/// A file: magic "OMSSNAP\n", u32 version, u32 length of the group's name, node id, i64 file number, i64 epoch, i64 index, i64 data-loss
/// count, i64 time (UTC ticks), i64 state length, group's name, state, u64 XxHash3 of all before.
/// </summary>
internal sealed class SnapshotStore(ILogFiles files, string logDirectory, NodeId node)
{
    private const uint Version = 1;
    private const int FixedBytes = 80, ChecksumBytes = 8;
    private const string NameSuffix = ".snapshot";
    private readonly string _directory = Path.Combine(logDirectory, "snapshots");
    private readonly Lock _syncing = new();
    private long _lastNumber;
    private long _written;  // files whose content is durable
    private long _named;    // as many of them, at least, have durable names; under _syncing

    private static ReadOnlySpan<byte> Magic => "OMSSNAP\n"u8;

    /// <summary>Deletes every file but those in use, and goes on numbering after all of them.</summary>
    public void Begin(IReadOnlySet<long> inUse)
    {
        files.CreateDirectory(_directory);
        files.SyncDirectory(logDirectory);
        foreach (var name in files.List(_directory))
        {
            if (!name.EndsWith(NameSuffix, StringComparison.Ordinal) || !long.TryParse(name.AsSpan(0, name.Length - NameSuffix.Length), out var number)) continue;
            _lastNumber = Math.Max(_lastNumber, number);
            if (!inUse.Contains(number)) files.Delete(PathOf(number));
        }

        foreach (var number in inUse) _lastNumber = Math.Max(_lastNumber, number);
    }

    /// <summary>Writes a snapshot durably and returns the number of its file.</summary>
    /// <exception cref="LogFullException">There is no room; nothing is left behind.</exception>
    public long Write(ReadOnlySpan<byte> group, LogSnapshot snapshot)
    {
        var number = Interlocked.Increment(ref _lastNumber);
        var path = PathOf(number);
        var head = new byte[FixedBytes + group.Length];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(12), group.Length);
        node.Value.TryWriteBytes(head.AsSpan(16));
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(32), number);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(40), snapshot.Position.Epoch.Value);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(48), snapshot.Position.Index.Value);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(56), snapshot.DataLossCount);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(64), snapshot.TimeUtc.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(72), snapshot.State.Length);
        group.CopyTo(head.AsSpan(FixedBytes));
        var hash = new XxHash3();
        hash.Append(head);
        hash.Append(snapshot.State);
        var checksum = new byte[ChecksumBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(checksum, hash.GetCurrentHashAsUInt64());

        using (var file = files.Create(path))
        {
            try
            {
                file.Reserve(head.Length + (long)snapshot.State.Length + ChecksumBytes);
            }
            catch (LogFullException)
            {
                file.Dispose();
                files.Delete(path);
                throw;
            }

            file.Write(head, 0);
            file.Write(snapshot.State, head.Length);
            file.Write(checksum, head.Length + (long)snapshot.State.Length);
            file.Sync();
        }

        SyncName(Interlocked.Increment(ref _written));
        return number;
    }

    // Who comes while another syncs the directory finds, mostly, that its own name was taken along.
    private void SyncName(long mine)
    {
        lock (_syncing)
        {
            if (_named >= mine) return;
            var written = Volatile.Read(ref _written);
            files.SyncDirectory(_directory);
            _named = written;
        }
    }

    /// <summary>Reads a snapshot that a record of the log names.</summary>
    /// <exception cref="LogDamagedException">The file is missing or is not what was written.</exception>
    public LogSnapshot Read(GroupId group, ReadOnlySpan<byte> groupBytes, in SnapshotRecord record)
    {
        var path = PathOf(record.FileNumber);
        if (!files.Exists(path)) throw Damaged(path, group, "is missing");
        ReadOnlySpan<byte> bytes = AtomicFile.Read(files, path);
        if (bytes.Length < FixedBytes + ChecksumBytes || BinaryPrimitives.ReadUInt64LittleEndian(bytes[^ChecksumBytes..]) != XxHash3.HashToUInt64(bytes[..^ChecksumBytes]))
            throw Damaged(path, group, "is damaged");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (!bytes[..8].SequenceEqual(Magic) || version != Version)
            throw new LogFormatException($"'{path}' has version {version}; this version reads {Version}. Start the version that wrote it, or a newer one.");
        var position = new LogPosition(
            new Epoch(BinaryPrimitives.ReadInt64LittleEndian(bytes[40..])), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(bytes[48..])));
        var groupLength = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        var state = bytes[(FixedBytes + groupLength)..^ChecksumBytes];
        if (new NodeId(new Guid(bytes[16..32])) != node || BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]) != record.FileNumber
            || position != record.Position || !bytes.Slice(FixedBytes, groupLength).SequenceEqual(groupBytes))
            throw Damaged(path, group, "is another snapshot than the log names");
        return new LogSnapshot { Position = position, DataLossCount = record.DataLossCount, TimeUtc = record.TimeUtc, State = state.ToArray() };
    }

    public void Delete(long number) => files.Delete(PathOf(number));

    /// <summary>The file of this number.</summary>
    public string PathOf(long number) => Path.Combine(_directory, $"{number:D16}{NameSuffix}");

    private static LogDamagedException Damaged(string path, GroupId group, string what) =>
        new($"The snapshot '{path}' of group '{group}' {what}. The group {LogDamagedException.OthersGoOn}", path, 0, group);
}
