using System.Buffers.Binary;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// An entry as the body of an append record: i64 time (UTC ticks), i64 request sequence, i64 answered through, i64 data-loss count,
/// 16 bytes client id, u8 kind, payload. Epoch and index are in the record's header.
/// </summary>
internal static class EntryCodec
{
    public const int FixedBytes = 49;

    public static int SizeOf(LogEntry entry) => FixedBytes + entry.Payload.Length;

    public static void Write(LogEntry entry, Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, entry.TimeUtc.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], entry.Request.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], entry.AnsweredThrough);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], entry.DataLossCount);
        entry.Request.Client.TryWriteBytes(to[32..]);
        to[48] = (byte)entry.Kind;
        entry.Payload.CopyTo(to[FixedBytes..]);
    }

    /// <summary>Reads what recovery must know of an entry; null when the body is too short for one.</summary>
    public static (DateTime TimeUtc, long DataLossCount)? TryReadHead(ReadOnlySpan<byte> from) => from.Length < FixedBytes
        ? null
        : (new DateTime(BinaryPrimitives.ReadInt64LittleEndian(from), DateTimeKind.Utc), BinaryPrimitives.ReadInt64LittleEndian(from[24..]));

    /// <summary>Reads an entry; null when the body is too short for one.</summary>
    public static LogEntry? TryRead(ReadOnlySpan<byte> from, LogPosition position)
    {
        if (from.Length < FixedBytes) return null;
        return new LogEntry
        {
            Kind = (EntryKind)from[48],
            Position = position,
            TimeUtc = new DateTime(BinaryPrimitives.ReadInt64LittleEndian(from), DateTimeKind.Utc),
            Request = new RequestId(new Guid(from[32..48]), BinaryPrimitives.ReadInt64LittleEndian(from[8..])),
            AnsweredThrough = BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            DataLossCount = BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
            Payload = from[FixedBytes..].ToArray(),
        };
    }
}
