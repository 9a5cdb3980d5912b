using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Who the directory belongs to; replaced as a whole. Magic "OMSNODE\n", u32 version, u32 length of the boot id, node id, store id (zeros:
/// not known yet), i64 start count, boot id of the latest start (UTF-8), u64 checksum of all before.
/// </summary>
internal sealed record NodeFile(NodeId Node, StoreId Store, long StartCount, string BootId)
{
    public const string FileName = "node";
    private const uint Version = 1;
    private const int FixedBytes = 56, ChecksumBytes = 8;
    private static ReadOnlySpan<byte> Magic => "OMSNODE\n"u8;

    public void Write(ILogFiles files, string directory)
    {
        var boot = Encoding.UTF8.GetBytes(BootId);
        var bytes = new byte[FixedBytes + boot.Length + ChecksumBytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), boot.Length);
        Node.Value.TryWriteBytes(bytes.AsSpan(16));
        Store.Value.TryWriteBytes(bytes.AsSpan(32));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(48), StartCount);
        boot.CopyTo(bytes, FixedBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(bytes.Length - ChecksumBytes), XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - ChecksumBytes)));
        AtomicFile.Write(files, directory, FileName, bytes);
    }

    public static NodeFile Read(ILogFiles files, string path)
    {
        ReadOnlySpan<byte> bytes = AtomicFile.Read(files, path);
        var body = bytes[..Math.Max(0, bytes.Length - ChecksumBytes)];
        if (body.Length < FixedBytes || BinaryPrimitives.ReadUInt64LittleEndian(bytes[body.Length..]) != XxHash3.HashToUInt64(body))
            throw new LogDamagedException($"'{path}' is damaged: this node no longer knows who it is. Bring the file back, or give the node an empty directory.", path, 0, null);
        var version = BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
        if (!body[..8].SequenceEqual(Magic) || version != Version)
            throw new LogFormatException($"'{path}' has version {version}; this version reads {Version}. Start the version that wrote it, or a newer one.");
        return new NodeFile(
            new NodeId(new Guid(body[16..32])),
            new StoreId(new Guid(body[32..48])),
            BinaryPrimitives.ReadInt64LittleEndian(body[48..]),
            Encoding.UTF8.GetString(body[FixedBytes..]));
    }
}
