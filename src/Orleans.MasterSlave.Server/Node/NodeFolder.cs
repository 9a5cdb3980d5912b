using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Hashing;
using System.Text;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Node;

/// <summary>
/// What the log folder knows of the node's row (I2), in the file <c>lease</c>: two blocks of 4,096 bytes, written in turn, so that one of
/// them is always whole; it is written at every renewal and needs no room on the disk then. A block: magic "OMSLEAS\n", u32 version, u32
/// length, u64 number of this writing, then a byte whether the first write is known to have landed, a byte count, and the writes (stamp,
/// i64 renewal, length and UTF-8 of the place); at its end u64 checksum of all before.
/// </summary>
internal sealed class NodeFolder : INodeFolder, IDisposable
{
    public const string FileName = "lease";
    public const string WentBackFileName = "store-went-back";
    private const int BlockBytes = 4_096, HeadBytes = 24, ChecksumBytes = 8, MostPlaceBytes = 255;
    private const uint Version = 1;
    private static ReadOnlySpan<byte> Magic => "OMSLEAS\n"u8;

    private readonly LogDirectory _directory;
    private readonly ILogFile _file;
    private ulong _number;

    public NodeFolder(LogDirectory directory)
    {
        _directory = directory;
        var path = Path.Combine(directory.Path, FileName);
        if (!directory.Files.Exists(path))
        {
            var fresh = new byte[BlockBytes * 2];
            Encode(NodeMemory.Empty, 0, fresh.AsSpan(0, BlockBytes));
            AtomicFile.Write(directory.Files, directory.Path, FileName, fresh);
        }

        _file = directory.Files.Open(path);
        var newest = Read(0) is var one && Read(1) is var two && two.Number > one.Number ? two : one;
        (_number, Memory) = newest.Memory is { } memory ? (newest.Number, memory) : throw Damaged(path);
    }

    public string Place => _directory.BootId;

    public NodeMemory Memory { get; private set; }

    public bool StoreWentBack => _directory.Files.Exists(Path.Combine(_directory.Path, WentBackFileName));

    public void Keep(NodeMemory memory)
    {
        var block = new byte[BlockBytes];
        Encode(memory, ++_number, block);
        try
        {
            _file.Write(block, (long)(_number % 2) * BlockBytes);
            _file.Sync();
        }
        catch
        {
            _number++; // the next one gets a new number, and the same block: the other is the only one that is whole for certain
            throw;
        }

        Memory = memory;
    }

    public void RememberStoreWentBack(string what)
    {
        if (!StoreWentBack) AtomicFile.Write(_directory.Files, _directory.Path, WentBackFileName, Encoding.UTF8.GetBytes(what));
    }

    public void Dispose() => _file.Dispose();

    private (ulong Number, NodeMemory? Memory) Read(int block)
    {
        var bytes = new byte[BlockBytes];
        if (_file.ReadAt(bytes, (long)block * BlockBytes) != BlockBytes) return default;
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8));
        if (!bytes.AsSpan(0, 8).SequenceEqual(Magic)) return default;
        if (version != Version) throw new LogFormatException($"'{_file.Path}' has version {version}; this version reads {Version}. Start the version that wrote it, or a newer one.");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12));
        if (length > BlockBytes - ChecksumBytes || length < HeadBytes + 2) return default;
        var body = bytes.AsSpan(0, (int)length);
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan((int)length)) != XxHash3.HashToUInt64(body)) return default;
        return (BinaryPrimitives.ReadUInt64LittleEndian(body[16..]), Decode(body[HeadBytes..]));
    }

    private static NodeMemory Decode(ReadOnlySpan<byte> bytes)
    {
        var (hasConfirmed, count) = (bytes[0] != 0, bytes[1]);
        var writes = ImmutableArray.CreateBuilder<NodeWrite>(count);
        for (var at = 2; writes.Count < count;)
        {
            var place = bytes.Slice(at + 25, bytes[at + 24]);
            writes.Add(new NodeWrite(new Guid(bytes.Slice(at, 16)), BinaryPrimitives.ReadInt64LittleEndian(bytes[(at + 16)..]), Encoding.UTF8.GetString(place)));
            at += 25 + place.Length;
        }

        return hasConfirmed ? new NodeMemory(writes[0], [.. writes.Skip(1)]) : new NodeMemory(null, writes.ToImmutable());
    }

    private static void Encode(NodeMemory memory, ulong number, Span<byte> block)
    {
        NodeWrite[] writes = memory.Confirmed is { } confirmed ? [confirmed, .. memory.Pending] : [.. memory.Pending];
        var at = HeadBytes;
        block[at++] = memory.Confirmed is null ? (byte)0 : (byte)1;
        block[at++] = (byte)writes.Length;
        foreach (var write in writes)
        {
            write.Stamp.TryWriteBytes(block[at..]);
            BinaryPrimitives.WriteInt64LittleEndian(block[(at + 16)..], write.Renewal);
            var place = Encoding.UTF8.GetBytes(write.Place);
            if (place.Length > MostPlaceBytes) throw new InvalidOperationException($"The place '{write.Place}' is longer than {MostPlaceBytes} bytes.");
            block[at + 24] = (byte)place.Length;
            place.CopyTo(block[(at + 25)..]);
            at += 25 + place.Length;
        }

        Magic.CopyTo(block);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], (uint)at);
        BinaryPrimitives.WriteUInt64LittleEndian(block[16..], number);
        BinaryPrimitives.WriteUInt64LittleEndian(block[at..], XxHash3.HashToUInt64(block[..at]));
    }

    private static LogDamagedException Damaged(string path) => new(
        $"'{path}' is damaged: it cannot be told whether this directory is the node's newest. Bring the file back, or give the node an empty directory.", path, 0, null);
}
