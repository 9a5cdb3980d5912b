using System.Buffers.Binary;
using System.IO.Hashing;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The fixed part of a record, little endian, at an offset that is a multiple of 8:
/// <code>
///  0 u32 header checksum (low half of XxHash3 over bytes 4 .. end of group; seeded with node, segment and offset)
///  4 u32 body length
///  8 u64 body checksum (XxHash3 over body and padding)
/// 16 u64 number of the batch
/// 24 u8  type
/// 25 u8  zero
/// 26 u16 length of the group's name
/// 28 u32 zero
/// 32 i64 epoch
/// 40 i64 index
/// 48 group's name, body, zeros up to a multiple of 8
/// </code>
/// The seed makes a record valid at its own place only: neither a stale block nor a copy inside a payload passes for one.
/// </summary>
internal readonly struct RecordHeader
{
    public const int Bytes = 48;

    public required RecordType Type { get; init; }
    public required long Batch { get; init; }
    public required int GroupBytes { get; init; }
    public required int BodyBytes { get; init; }
    public required Epoch Epoch { get; init; }
    public required LogIndex Index { get; init; }
    public required ulong BodyChecksum { get; init; }

    /// <summary>Length of the whole record, padding included.</summary>
    public int RecordBytes => SizeOf(GroupBytes, BodyBytes);

    public static int SizeOf(int groupBytes, int bodyBytes) => checked(Bytes + groupBytes + bodyBytes + 7) & ~7;

    /// <summary>The seed for a record at an offset of a segment of a node.</summary>
    public static long Seed(NodeId node, long segment, long offset)
    {
        Span<byte> id = stackalloc byte[16];
        node.Value.TryWriteBytes(id);
        return BinaryPrimitives.ReadInt64LittleEndian(id) ^ BinaryPrimitives.ReadInt64LittleEndian(id[8..])
            ^ unchecked(segment * (long)0x9E3779B97F4A7C15) ^ offset;
    }

    /// <summary>Writes all but the two things known only when the batch is written: batch number and header checksum.</summary>
    public void Write(Span<byte> to, ReadOnlySpan<byte> group)
    {
        to[..Bytes].Clear();
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], BodyBytes);
        to[24] = (byte)Type;
        BinaryPrimitives.WriteUInt16LittleEndian(to[26..], (ushort)group.Length);
        BinaryPrimitives.WriteInt64LittleEndian(to[32..], Epoch.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[40..], Index.Value);
        group.CopyTo(to[Bytes..]);
    }

    /// <summary>Sets the body checksum of a record whose body is complete.</summary>
    public static void SealBody(Span<byte> record, int groupBytes) =>
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], XxHash3.HashToUInt64(record[(Bytes + groupBytes)..]));

    /// <summary>Sets batch number and header checksum; returns the record's length.</summary>
    public static int SealHeader(Span<byte> record, long batch, long seed)
    {
        BinaryPrimitives.WriteInt64LittleEndian(record[16..], batch);
        var groupBytes = BinaryPrimitives.ReadUInt16LittleEndian(record[26..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record, HeaderChecksum(record, groupBytes, seed));
        return SizeOf(groupBytes, BinaryPrimitives.ReadInt32LittleEndian(record[4..]));
    }

    /// <summary>Reads the header at the start of a span; false when there is none that is whole and unharmed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, long seed, out RecordHeader header)
    {
        header = default;
        if (from.Length < Bytes) return false;
        var type = from[24];
        if (type is < (byte)RecordType.Batch or > (byte)RecordType.TornUnknown || from[25] != 0) return false;
        var groupBytes = BinaryPrimitives.ReadUInt16LittleEndian(from[26..]);
        var bodyBytes = BinaryPrimitives.ReadInt32LittleEndian(from[4..]);
        if (bodyBytes < 0 || Bytes + (long)groupBytes + bodyBytes + 7 > int.MaxValue || SizeOf(groupBytes, bodyBytes) > from.Length) return false;
        if (HeaderChecksum(from, groupBytes, seed) != BinaryPrimitives.ReadUInt32LittleEndian(from)) return false;
        header = new RecordHeader
        {
            Type = (RecordType)type,
            Batch = BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            GroupBytes = groupBytes,
            BodyBytes = bodyBytes,
            Epoch = new Epoch(BinaryPrimitives.ReadInt64LittleEndian(from[32..])),
            Index = new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(from[40..])),
            BodyChecksum = BinaryPrimitives.ReadUInt64LittleEndian(from[8..]),
        };
        return true;
    }

    public ReadOnlySpan<byte> Group(ReadOnlySpan<byte> record) => record.Slice(Bytes, GroupBytes);

    public ReadOnlySpan<byte> Body(ReadOnlySpan<byte> record) => record.Slice(Bytes + GroupBytes, BodyBytes);

    public bool BodyIsSound(ReadOnlySpan<byte> record) =>
        XxHash3.HashToUInt64(record[(Bytes + GroupBytes)..RecordBytes]) == BodyChecksum;

    private static uint HeaderChecksum(ReadOnlySpan<byte> record, int groupBytes, long seed) =>
        (uint)XxHash3.HashToUInt64(record[4..(Bytes + groupBytes)], seed);
}
