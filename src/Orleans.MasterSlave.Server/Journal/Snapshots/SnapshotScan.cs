using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>Looks where in a file its snapshots lie, by reading their heads.</summary>
internal static class SnapshotScan
{
    /// <summary>The place of each snapshot of which the head is sound, and whether the file is of version 1.</summary>
    /// <remarks>Where there is no sound head, the next place at which one may be is looked at: damage of one snapshot does not hide those behind it.</remarks>
    /// <exception cref="LogFormatException">The file is of a version that is not known.</exception>
    public static (Dictionary<long, SnapshotPlace> Places, bool IsVersion1) Of(ILogFile file, NodeId node, long first)
    {
        Dictionary<long, SnapshotPlace> places = [];
        var head = new byte[SnapshotHead.Bytes];
        var length = file.Length;
        for (var offset = 0L; offset + SnapshotHead.Bytes <= length;)
        {
            var read = file.ReadAt(head, offset);
            if (offset == 0 && SnapshotVersion1.NumberIn(head.AsSpan(0, read), length) is { } number)
                return (new() { [number] = new SnapshotPlace(0, length) }, true);
            if (SnapshotHead.TryRead(head.AsSpan(0, read), node, first, offset, file.Path) is { } found && found.RecordBytes <= length - offset)
            {
                places[found.Number] = new SnapshotPlace(offset, found.RecordBytes);
                offset += found.RecordBytes;
            }
            else
            {
                offset += SnapshotHead.Alignment;
            }
        }

        return (places, false);
    }
}
