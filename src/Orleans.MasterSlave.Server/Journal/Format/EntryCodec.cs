using System.Buffers.Binary;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// An entry as the body of an append record, little endian; epoch and index are in the record's header:
/// <code>
///  0 i64 time (UTC ticks)
///  8 i64 request sequence
/// 16 i64 answered through
/// 24 i64 data-loss count
/// 32 client id, 16 bytes
/// 48 u8 kind
/// 49 u8 flags
/// 50 i64 session time (ticks)
/// 58 i64 known: data-loss count
/// 66 i64 known: epoch
/// 74 i64 known: index
/// 82 u64 XxHash3 of the payload
/// 90 u16 length of what later versions add (0)
/// 92 payload
/// </code>
/// </summary>
internal static class EntryCodec
{
    public const int FixedBytes = 92;

    public static int SizeOf(LogEntry entry) => FixedBytes + entry.Payload.Length;

    public static void Write(LogEntry entry, Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, entry.TimeUtc.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], entry.Request.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], entry.AnsweredThrough);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], entry.DataLossCount);
        entry.Request.Client.TryWriteBytes(to[32..]);
        to[48] = (byte)entry.Kind;
        to[49] = (byte)entry.Flags;
        BinaryPrimitives.WriteInt64LittleEndian(to[50..], entry.SessionTime.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(to[58..], entry.Known.DataLossCount);
        BinaryPrimitives.WriteInt64LittleEndian(to[66..], entry.Known.Epoch.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[74..], entry.Known.Index.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(to[82..], entry.PayloadChecksum);
        BinaryPrimitives.WriteUInt16LittleEndian(to[90..], 0);
        entry.Payload.CopyTo(to[FixedBytes..]);
    }

    /// <summary>Reads what recovery must know of an entry; null when the body is too short for one.</summary>
    public static (DateTime TimeUtc, long DataLossCount)? TryReadHead(ReadOnlySpan<byte> from) => from.Length < FixedBytes
        ? null
        : (new DateTime(BinaryPrimitives.ReadInt64LittleEndian(from), DateTimeKind.Utc), BinaryPrimitives.ReadInt64LittleEndian(from[24..]));

    /// <summary>Of a body that <see cref="TryReadHead"/> reads.</summary>
    public static bool IsSkip(ReadOnlySpan<byte> from) => (EntryKind)from[48] == EntryKind.Skip;

    /// <summary>Reads an entry; null when the body is too short for one.</summary>
    public static LogEntry? TryRead(ReadOnlySpan<byte> from, LogPosition position)
    {
        if (from.Length < FixedBytes) return null;
        var payload = FixedBytes + BinaryPrimitives.ReadUInt16LittleEndian(from[90..]); // behind what a later version has added
        if (from.Length < payload) return null;
        return new LogEntry
        {
            Kind = (EntryKind)from[48],
            Position = position,
            TimeUtc = new DateTime(BinaryPrimitives.ReadInt64LittleEndian(from), DateTimeKind.Utc),
            Request = new RequestId(new Guid(from[32..48]), BinaryPrimitives.ReadInt64LittleEndian(from[8..])),
            AnsweredThrough = BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            DataLossCount = BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
            Payload = from[payload..].ToArray(),
            SessionTime = new TimeSpan(BinaryPrimitives.ReadInt64LittleEndian(from[50..])),
            Known = new SessionToken(
                BinaryPrimitives.ReadInt64LittleEndian(from[58..]),
                new Epoch(BinaryPrimitives.ReadInt64LittleEndian(from[66..])),
                new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(from[74..]))),
            PayloadChecksum = BinaryPrimitives.ReadUInt64LittleEndian(from[82..]),
            Flags = (EntryFlags)from[49],
        };
    }
}
