using System.Buffers.Binary;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Body of a snapshot or install record; the snapshot's position is in the record's header. It restates all that is known of the group but its
/// entries, so that no older record is needed: i64 base epoch, i64 base index, i64 promised epoch, i64 torn epoch (−1: not torn),
/// i64 data-loss count, i64 time (UTC ticks), i64 number of the snapshot in the snapshot log (0: the state follows here), the group's birth (16 bytes).
/// </summary>
internal readonly record struct SnapshotRecord(
    LogPosition Position, LogPosition Base, Epoch Promised, long TornEpoch, long DataLossCount, DateTime TimeUtc, long Number, GroupBirth Birth)
{
    public const int FixedBytes = 72;

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, Base.Epoch.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], Base.Index.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], Promised.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], TornEpoch);
        BinaryPrimitives.WriteInt64LittleEndian(to[32..], DataLossCount);
        BinaryPrimitives.WriteInt64LittleEndian(to[40..], TimeUtc.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(to[48..], Number);
        Birth.Value.TryWriteBytes(to[56..]);
    }

    /// <summary>Reads a body; null when it is too short for one.</summary>
    public static SnapshotRecord? TryRead(ReadOnlySpan<byte> from, LogPosition position)
    {
        if (from.Length < FixedBytes) return null;
        return new SnapshotRecord(
            position,
            new LogPosition(new Epoch(BinaryPrimitives.ReadInt64LittleEndian(from)), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(from[8..]))),
            new Epoch(BinaryPrimitives.ReadInt64LittleEndian(from[16..])),
            BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[32..]),
            new DateTime(BinaryPrimitives.ReadInt64LittleEndian(from[40..]), DateTimeKind.Utc),
            BinaryPrimitives.ReadInt64LittleEndian(from[48..]),
            new GroupBirth(new Guid(from[56..72])));
    }
}
