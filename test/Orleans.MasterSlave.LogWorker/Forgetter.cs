using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.LogWorker;

/// <summary>
/// After a recovery: takes from every segment but the last what lies beyond its end. A failed sync may have left that in the page cache only (D2), so
/// nothing that recovery showed may depend on it.
/// </summary>
internal static class Forgetter
{
    public static int Run(string path)
    {
        using var files = new ReadOnlyFiles();
        var node = NodeFile.Read(files, Path.Combine(path, NodeFile.FileName)).Node;
        var manifest = SegmentManifest.Read(files, path, node);
        SegmentHeader? before = null; // of a rewritten segment the header itself says where it ends, and nothing follows
        for (var number = manifest.First; number <= manifest.Last; number++)
        {
            var segmentPath = Path.Combine(path, SegmentHeader.FileName(number));
            if (!files.Exists(segmentPath)) continue; // a later one stands for it
            var header = SegmentHeader.Read(files, segmentPath, node, number)!.Value;
            if (before is { Rewritten: null } previous)
            {
                using var segment = File.OpenHandle(Path.Combine(path, SegmentHeader.FileName(previous.Number)), FileMode.Open, FileAccess.ReadWrite);
                if (RandomAccess.GetLength(segment) > header.PreviousEnd) RandomAccess.SetLength(segment, header.PreviousEnd);
            }

            before = header;
        }

        return 0;
    }
}
