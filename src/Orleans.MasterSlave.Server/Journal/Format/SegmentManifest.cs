using System.Buffers.Binary;
using System.IO.Hashing;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Which segments make up the log: without it, a segment that is missing at either end would be missed by nobody. Replaced as a whole; 64 bytes:
/// magic "OMSSEGS\n", u32 version, u32 zero, node id, i64 first segment, i64 last segment (lower than the first: none yet), i64 length
/// reserved for the last one, u64 checksum of all before.
/// </summary>
internal readonly record struct SegmentManifest(NodeId Node, long First, long Last, long LastLength)
{
    public const string FileName = "segments";
    public const int Bytes = 64;
    private const uint Version = 1;
    private static ReadOnlySpan<byte> Magic => "OMSSEGS\n"u8;

    public static SegmentManifest Empty(NodeId node) => new(node, 1, 0, 0);

    public void Write(ILogFiles files, string directory) => AtomicFile.Write(files, directory, FileName, ToBytes());

    public byte[] ToBytes()
    {
        var bytes = new byte[Bytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        Node.Value.TryWriteBytes(bytes.AsSpan(16));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), First);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(40), Last);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(48), LastLength);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(56), XxHash3.HashToUInt64(bytes.AsSpan(0, 56)));
        return bytes;
    }

    /// <summary>Reads the list.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="directory">The log directory.</param>
    /// <param name="node">Whose it must be; null: anybody's.</param>
    /// <exception cref="LogDamagedException">It is gone or damaged.</exception>
    /// <exception cref="LogFormatException">It is of another version.</exception>
    /// <exception cref="LogDirectoryMismatchException">It is another node's.</exception>
    public static SegmentManifest Read(ILogFiles files, string directory, NodeId? node)
    {
        var path = Path.Combine(directory, FileName);
        if (!files.Exists(path))
            throw new LogDamagedException($"'{path}' is missing: part of this log directory is gone. Bring it back, or give the node an empty directory.", path, 0, null);
        ReadOnlySpan<byte> bytes = AtomicFile.Read(files, path);
        if (bytes.Length != Bytes || BinaryPrimitives.ReadUInt64LittleEndian(bytes[56..]) != XxHash3.HashToUInt64(bytes[..56]))
            throw new LogDamagedException($"'{path}' is damaged: it cannot be told which segments belong to this log. Bring it back, or give the node an empty directory.", path, 0, null);
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (!bytes[..8].SequenceEqual(Magic) || version != Version)
            throw new LogFormatException($"'{path}' has version {version}; this version reads {Version}. Start the version that wrote it, or a newer one.");
        var owner = new NodeId(new Guid(bytes[16..32]));
        if (node is not null && owner != node)
            throw new LogDirectoryMismatchException($"'{path}' was written by node {owner}, but this directory is node {node}'s. Put the right files back.");
        return new SegmentManifest(
            owner,
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]));
    }
}
