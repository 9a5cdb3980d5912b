using System.Buffers.Binary;
using System.IO.Hashing;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// What a snapshot in a file of the snapshot log begins with, little endian, at an offset that is a multiple of 4,096:
/// <code>
///  0 "OMSSNAP\n"
///  8 u32 format version (2)
/// 12 u32 length of the group's name
/// 16 node id, 16 bytes
/// 32 i64 number of the snapshot
/// 40 i64 epoch
/// 48 i64 index
/// 56 i64 data-loss count
/// 64 i64 time (UTC ticks)
/// 72 i64 length of the state
/// 80 u64 XxHash3 of bytes 0..79; seeded with node, the file's number and the offset
/// 88 group's name, state, u64 XxHash3 of name and state (seeded with the snapshot's number), zeros up to a multiple of 4,096
/// </code>
/// The seed makes it valid at its own place only, as with the records of the log. A file of version 1 is one snapshot and nothing else:
/// <see cref="SnapshotVersion1"/>.
/// </summary>
internal readonly record struct SnapshotHead(
    NodeId Node, long Number, int GroupBytes, LogPosition Position, long DataLossCount, DateTime TimeUtc, long StateBytes)
{
    public const int Bytes = 88;
    public const int ChecksumBytes = 8;
    public const int Alignment = 4096;
    public const uint Version = 2;
    private const string NameSuffix = ".snapshot";
    private const int SummedBytes = Bytes - ChecksumBytes;

    public static ReadOnlySpan<byte> Magic => "OMSSNAP\n"u8;

    /// <summary>Length of the whole, padding included.</summary>
    public long RecordBytes => SizeOf(GroupBytes, StateBytes);

    public static long SizeOf(int groupBytes, long stateBytes) => (Bytes + groupBytes + stateBytes + ChecksumBytes + Alignment - 1) & -Alignment;

    /// <summary>The name of the file whose first snapshot has, or had, a number.</summary>
    public static string FileName(long first) => $"{first:D16}{NameSuffix}";

    /// <summary>Only what <see cref="FileName"/> gives: a second name of a number would pass for a file in which nothing is needed.</summary>
    public static bool TryParseFileName(string name, out long first)
    {
        first = 0;
        return name.EndsWith(NameSuffix, StringComparison.Ordinal) && long.TryParse(name.AsSpan(0, name.Length - NameSuffix.Length), out first) && name == FileName(first);
    }

    /// <summary>The checksum after the state.</summary>
    public static ulong BodyChecksum(ReadOnlySpan<byte> group, ReadOnlySpan<byte> state, long number)
    {
        var hash = new XxHash3(number);
        hash.Append(group);
        hash.Append(state);
        return hash.GetCurrentHashAsUInt64();
    }

    public void Write(Span<byte> to, long file, long offset)
    {
        Magic.CopyTo(to);
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(to[12..], GroupBytes);
        Node.Value.TryWriteBytes(to[16..]);
        BinaryPrimitives.WriteInt64LittleEndian(to[32..], Number);
        BinaryPrimitives.WriteInt64LittleEndian(to[40..], Position.Epoch.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[48..], Position.Index.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[56..], DataLossCount);
        BinaryPrimitives.WriteInt64LittleEndian(to[64..], TimeUtc.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(to[72..], StateBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(to[SummedBytes..], XxHash3.HashToUInt64(to[..SummedBytes], RecordHeader.Seed(Node, file, offset)));
    }

    /// <summary>Reads what lies at an offset of a file; null when it is no head, or damaged, or of elsewhere.</summary>
    /// <exception cref="LogFormatException">It is of another version.</exception>
    public static SnapshotHead? TryRead(ReadOnlySpan<byte> from, NodeId node, long file, long offset, string path)
    {
        if (from.Length < Bytes || !from.StartsWith(Magic)) return null;
        if (BinaryPrimitives.ReadUInt64LittleEndian(from[SummedBytes..]) != XxHash3.HashToUInt64(from[..SummedBytes], RecordHeader.Seed(node, file, offset))) return null;
        var version = BinaryPrimitives.ReadUInt32LittleEndian(from[8..]);
        if (version != Version) throw NotKnown(path, version);
        var head = new SnapshotHead(
            new NodeId(new Guid(from[16..32])),
            BinaryPrimitives.ReadInt64LittleEndian(from[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(from[12..]),
            new LogPosition(new Epoch(BinaryPrimitives.ReadInt64LittleEndian(from[40..])), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(from[48..]))),
            BinaryPrimitives.ReadInt64LittleEndian(from[56..]),
            new DateTime(BinaryPrimitives.ReadInt64LittleEndian(from[64..]), DateTimeKind.Utc),
            BinaryPrimitives.ReadInt64LittleEndian(from[72..]));
        return head is { GroupBytes: >= 0, StateBytes: >= 0 } && head.Node == node ? head : null;
    }

    public static LogFormatException NotKnown(string path, uint version) =>
        new($"'{path}' has snapshot format version {version}; this version reads {SnapshotVersion1.Version} and {Version}. Start the version that wrote it, or a newer one.");
}
