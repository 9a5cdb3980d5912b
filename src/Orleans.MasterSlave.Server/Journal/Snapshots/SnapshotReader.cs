using System.Buffers.Binary;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>Reads snapshots back from the snapshot log, and believes none that its checksums do not vouch for. Thread safe.</summary>
internal sealed class SnapshotReader(SnapshotFiles snapshots)
{
    /// <summary>Reads a snapshot that a record of the log names.</summary>
    /// <exception cref="LogDamagedException">It is missing, or not what was written.</exception>
    /// <exception cref="LogFormatException">Its file is of another version.</exception>
    /// <exception cref="LogReadException">Its file cannot be read.</exception>
    public LogSnapshot Read(GroupId group, ReadOnlySpan<byte> name, in SnapshotRecord record)
    {
        SnapshotFile? looked = null;
        while (true)
        {
            if (snapshots.FileOf(record.Number) is not { } file) throw Damaged(snapshots.PathOf(record.Number), 0, group, "is missing");

            // The file may have been rewritten since its places were noted, or just now; only a second look at the same file is the last.
            var (place, state) = Look(file, group, name, record, fresh: file == looked);
            if (state is not null)
                return new LogSnapshot { Position = record.Position, DataLossCount = record.DataLossCount, TimeUtc = record.TimeUtc, State = state };
            if (file == looked && file == snapshots.FileOf(record.Number)) throw Damaged(file.Path, place?.Offset ?? 0, group, place is null ? "is not there" : "is damaged");
            looked = file;
        }
    }

    private (SnapshotPlace? Place, byte[]? State) Look(SnapshotFile file, GroupId group, ReadOnlySpan<byte> name, in SnapshotRecord record, bool fresh)
    {
        try
        {
            var place = snapshots.PlaceOf(file, record.Number, fresh);
            return (place, place is { } at ? TryRead(file, at, name, record) : null);
        }
        catch (Exception ex) when (ex is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Damaged(file.Path, 0, group, "is missing", ex);
        }
        catch (Exception ex) when (ex is not LogReadException && FileErrors.IsOfDisk(ex))
        {
            throw new LogReadException(file.Path, 0, ex); // it does not open
        }
    }

    // Null when it is not the snapshot that the record names, or the file is retired.
    private byte[]? TryRead(SnapshotFile file, SnapshotPlace place, ReadOnlySpan<byte> name, in SnapshotRecord record)
    {
        if (!snapshots.Open.TryHold(file)) return null;
        try
        {
            var from = file.Handle!;
            Span<byte> head = stackalloc byte[SnapshotHead.Bytes];
            head = head[..from.ReadAt(head, place.Offset)];
            if (place.Offset == 0 && SnapshotVersion1.NumberIn(head, from.Length) is not null) return SnapshotVersion1.StateIn(AtomicFile.ReadAll(from), snapshots.Node, name, record);
            if (SnapshotHead.TryRead(head, snapshots.Node, file.First, place.Offset, file.Path) is not { } found) return null;
            if (found.Number != record.Number || found.Position != record.Position || found.GroupBytes != name.Length || found.RecordBytes != place.Bytes) return null;
            return ReadBody(from, place.Offset + SnapshotHead.Bytes, found, name);
        }
        finally
        {
            snapshots.Open.Release(file);
        }
    }

    private static byte[]? ReadBody(ILogFile from, long offset, in SnapshotHead head, ReadOnlySpan<byte> name)
    {
        var group = new byte[head.GroupBytes];
        var state = GC.AllocateUninitializedArray<byte>(checked((int)head.StateBytes));
        var rest = new byte[head.RecordBytes - SnapshotHead.Bytes - group.Length - state.Length]; // checksum and padding
        if (from.ReadAt(group, offset) < group.Length || !group.AsSpan().SequenceEqual(name)) return null;
        if (from.ReadAt(state, offset + group.Length) < state.Length) return null;
        if (from.ReadAt(rest, offset + group.Length + state.Length) < rest.Length) return null;
        var isSound = BinaryPrimitives.ReadUInt64LittleEndian(rest) == SnapshotHead.BodyChecksum(group, state, head.Number);
        return isSound && rest.AsSpan(SnapshotHead.ChecksumBytes).IndexOfAnyExcept((byte)0) < 0 ? state : null;
    }

    private static LogDamagedException Damaged(string path, long offset, GroupId group, string what, Exception? inner = null) =>
        new($"The snapshot of group '{group}' in '{path}' {what}. The group {LogDamagedException.OthersGoOn}", path, offset, group, inner);
}
