using System.Buffers.Binary;
using System.IO.Hashing;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The first bytes of a segment file, little endian:
/// <code>
///  0 "OMSLOG\r\n"
///  8 u32 format version (3; of a rewritten segment 4)
/// 12 u32 header length (64; of a rewritten segment 96)
/// 16 node id, 16 bytes
/// 32 i64 segment number
/// 40 i64 where the previous segment's confirmed batches end; what it holds beyond was copied to this one, or cut
/// 48 i64 number of this segment's first batch
/// 56 u64 XxHash3 of bytes 0..55
/// </code>
/// A rewritten segment has instead, from 56 on: i64 the first segment that it stands for, i64 where its batches end, i64 number of the first batch of
/// the segment after it, i64 zero, u64 XxHash3 of bytes 0..87. Its 40 and 48 are those of the first segment that it stands for.
/// </summary>
internal readonly record struct SegmentHeader(NodeId Node, long Number, long PreviousEnd, long FirstBatch, Rewritten? Rewritten = null)
{
    /// <summary>Length of the header of a segment that was not rewritten.</summary>
    public const int Bytes = 64;
    public const int RewrittenBytes = 96;
    public const uint Version = 3;
    public const uint RewrittenVersion = 4;
    private const int ChecksumBytes = 8;
    private const string NamePrefix = "log-", NameSuffix = ".segment";
    private static ReadOnlySpan<byte> Magic => "OMSLOG\r\n"u8;

    public static string FileName(long number) => $"{NamePrefix}{number:D16}{NameSuffix}";

    public static bool TryParseFileName(string name, out long number)
    {
        number = 0;
        return name.StartsWith(NamePrefix, StringComparison.Ordinal) && name.EndsWith(NameSuffix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(NamePrefix.Length, name.Length - NamePrefix.Length - NameSuffix.Length), out number);
    }

    /// <summary>The numbers of the segment files in a folder, in no order.</summary>
    public static IEnumerable<long> NumbersIn(string directory, ILogFiles files)
    {
        foreach (var name in files.List(directory))
            if (TryParseFileName(name, out var number)) yield return number;
    }

    /// <summary>Length of this header.</summary>
    public int HeaderBytes => Rewritten is null ? Bytes : RewrittenBytes;

    /// <summary>Where the records of a segment begin, by its header.</summary>
    public static int LengthIn(ReadOnlySpan<byte> segment) =>
        segment.Length >= RewrittenBytes && BinaryPrimitives.ReadUInt32LittleEndian(segment[12..]) == RewrittenBytes ? RewrittenBytes : Bytes;

    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderBytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Rewritten is null ? Version : RewrittenVersion);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), bytes.Length);
        Node.Value.TryWriteBytes(bytes.AsSpan(16));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), Number);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(40), PreviousEnd);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(48), FirstBatch);
        if (Rewritten is { } rewritten)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(56), rewritten.From);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(64), rewritten.End);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(72), rewritten.NextBatch);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(bytes.Length - ChecksumBytes), XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - ChecksumBytes)));
        return bytes;
    }

    /// <summary>Reads the header of a file, as <see cref="Read(ReadOnlySpan{byte}, string, NodeId?, long)"/> does.</summary>
    public static SegmentHeader? Read(ILogFiles files, string path, NodeId? node, long number) => Read(Head(files, path), path, node, number);

    /// <summary>Whether a file begins like a segment.</summary>
    public static bool HasMagic(ILogFiles files, string path) => Head(files, path).StartsWith(Magic);

    /// <summary>Reads a header; null when it is damaged. A sound header of something else is a typed error: that is not damage.</summary>
    /// <param name="bytes">The file's beginning.</param>
    /// <param name="path">The file.</param>
    /// <param name="node">Whose it must be; null: anybody's.</param>
    /// <param name="number">The segment's number.</param>
    /// <exception cref="LogFormatException">It begins otherwise, or is of another version.</exception>
    /// <exception cref="LogDirectoryMismatchException">It is another node's.</exception>
    public static SegmentHeader? Read(ReadOnlySpan<byte> bytes, string path, NodeId? node, long number)
    {
        if (bytes.Length >= Magic.Length && !bytes[..Magic.Length].SequenceEqual(Magic))
            throw new LogFormatException($"'{path}' does not begin like a log segment. If it is not this log's, move it away; if it is, its head was destroyed: give the node an empty directory.");
        var summed = LengthIn(bytes) - ChecksumBytes;
        if (bytes.Length < summed + ChecksumBytes || BinaryPrimitives.ReadUInt64LittleEndian(bytes[summed..]) != XxHash3.HashToUInt64(bytes[..summed])) return null;
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        var isRewritten = summed + ChecksumBytes == RewrittenBytes;
        if (version != (isRewritten ? RewrittenVersion : Version))
            throw new LogFormatException($"'{path}' has log format version {version}; this version reads {Version} and {RewrittenVersion}. Start the version that wrote it, or a newer one.");
        var header = new SegmentHeader(
            new NodeId(new Guid(bytes[16..32])),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]),
            isRewritten
                ? new Rewritten(BinaryPrimitives.ReadInt64LittleEndian(bytes[56..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[64..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[72..]))
                : null);
        if (node is not null && header.Node != node)
            throw new LogDirectoryMismatchException($"'{path}' was written by node {header.Node}, but this directory is node {node}'s. Put the right files back.");
        return header.Number == number ? header : null;
    }

    private static ReadOnlySpan<byte> Head(ILogFiles files, string path)
    {
        using var file = files.Open(path);
        var bytes = new byte[RewrittenBytes];
        return bytes.AsSpan(0, file.ReadAt(bytes, 0));
    }
}

/// <summary>What only the header of a rewritten segment says.</summary>
/// <param name="From">The first segment that it stands for; it has the number of the last. Files of the others are leftovers.</param>
/// <param name="End">Where its batches end.</param>
/// <param name="NextBatch">Number of the first batch of the segment after it.</param>
internal readonly record struct Rewritten(long From, long End, long NextBatch);
