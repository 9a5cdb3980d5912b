using System.Buffers.Binary;
using System.IO.Hashing;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// A snapshot file as it was once written, for reading only. One snapshot a file: magic "OMSSNAP\n", u32 version 1, u32 length of the group's name, node id,
/// i64 number, i64 epoch, i64 index, i64 data-loss count, i64 time (UTC ticks), i64 state length, group's name, state, u64 XxHash3 of all before.
/// </summary>
internal static class SnapshotVersion1
{
    public const uint Version = 1;
    private const int FixedBytes = 80, ChecksumBytes = 8;

    /// <summary>The number of the snapshot in a file that begins as one of this version, and is exactly as long as its head says; else null. Whether it is whole is another question.</summary>
    /// <remarks>The length tells it from a file of version 2 in which the number of the version is damaged: what that one says is always shorter than the file.</remarks>
    public static long? NumberIn(ReadOnlySpan<byte> head, long length)
    {
        if (length > Array.MaxLength || head.Length < FixedBytes || !head.StartsWith(SnapshotHead.Magic) || BinaryPrimitives.ReadUInt32LittleEndian(head[8..]) != Version) return null;
        var rest = length - FixedBytes - ChecksumBytes - BinaryPrimitives.ReadUInt32LittleEndian(head[12..]);
        return BinaryPrimitives.ReadInt64LittleEndian(head[72..]) == rest ? BinaryPrimitives.ReadInt64LittleEndian(head[32..]) : null;
    }

    /// <summary>The state of a group's snapshot; null when it is not the one that a record names.</summary>
    public static byte[]? StateIn(ReadOnlySpan<byte> file, NodeId node, ReadOnlySpan<byte> group, in SnapshotRecord record)
    {
        if (NumberIn(file, file.Length) != record.Number || !IsWhole(file) || new NodeId(new Guid(file[16..32])) != node) return null;
        var groupLength = BinaryPrimitives.ReadInt32LittleEndian(file[12..]);
        var position = new LogPosition(new Epoch(BinaryPrimitives.ReadInt64LittleEndian(file[40..])), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(file[48..])));
        return position == record.Position && file.Slice(FixedBytes, groupLength).SequenceEqual(group) ? file[(FixedBytes + groupLength)..^ChecksumBytes].ToArray() : null;
    }

    private static bool IsWhole(ReadOnlySpan<byte> file) =>
        file.Length >= FixedBytes + ChecksumBytes && BinaryPrimitives.ReadUInt64LittleEndian(file[^ChecksumBytes..]) == XxHash3.HashToUInt64(file[..^ChecksumBytes]);
}
