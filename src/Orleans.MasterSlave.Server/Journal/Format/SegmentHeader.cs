using System.Buffers.Binary;
using System.IO.Hashing;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The first 64 bytes of a segment file, little endian:
/// <code>
///  0 "OMSLOG\r\n"
///  8 u32 format version (1)
/// 12 u32 header length (64)
/// 16 node id, 16 bytes
/// 32 i64 segment number
/// 40 i64 where the previous segment's confirmed batches end; what it holds beyond was copied to this one, or cut
/// 48 i64 number of this segment's first batch
/// 56 u64 XxHash3 of bytes 0..55
/// </code>
/// </summary>
internal readonly record struct SegmentHeader(NodeId Node, long Number, long PreviousEnd, long FirstBatch)
{
    public const int Bytes = 64;
    public const uint Version = 1;
    private const string NamePrefix = "log-", NameSuffix = ".segment";
    private static ReadOnlySpan<byte> Magic => "OMSLOG\r\n"u8;

    public static string FileName(long number) => $"{NamePrefix}{number:D16}{NameSuffix}";

    public static bool TryParseFileName(string name, out long number)
    {
        number = 0;
        return name.StartsWith(NamePrefix, StringComparison.Ordinal) && name.EndsWith(NameSuffix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(NamePrefix.Length, name.Length - NamePrefix.Length - NameSuffix.Length), out number);
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[Bytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Bytes);
        Node.Value.TryWriteBytes(bytes.AsSpan(16));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), Number);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(40), PreviousEnd);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(48), FirstBatch);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(56), XxHash3.HashToUInt64(bytes.AsSpan(0, 56)));
        return bytes;
    }

    /// <summary>Reads a header; null when it is damaged. A sound header of something else is a typed error: that is not damage.</summary>
    public static SegmentHeader? Read(ReadOnlySpan<byte> bytes, string path, NodeId node, long number)
    {
        if (bytes.Length >= Magic.Length && !bytes[..Magic.Length].SequenceEqual(Magic))
            throw new LogFormatException($"'{path}' does not begin like a log segment. If it is not this log's, move it away; if it is, its head was destroyed: give the node an empty directory.");
        if (bytes.Length < Bytes || BinaryPrimitives.ReadUInt64LittleEndian(bytes[56..]) != XxHash3.HashToUInt64(bytes[..56])) return null;
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version != Version)
            throw new LogFormatException($"'{path}' has log format version {version}; this version reads {Version}. Start the version that wrote it, or a newer one.");
        var header = new SegmentHeader(
            new NodeId(new Guid(bytes[16..32])),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]));
        if (header.Node != node)
            throw new LogDirectoryMismatchException($"'{path}' was written by node {header.Node}, but this directory is node {node}'s. Put the right files back.");
        return header.Number == number ? header : null;
    }
}
