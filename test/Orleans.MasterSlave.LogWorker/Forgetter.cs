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
        var directory = LogDirectory.ForReading(path, files);
        var manifest = SegmentManifest.Read(files, path, directory.NodeId);
        var bytes = new byte[SegmentHeader.Bytes];
        for (var number = manifest.First + 1; number <= manifest.Last; number++)
        {
            var next = Path.Combine(path, SegmentHeader.FileName(number));
            using (var file = files.Open(next)) file.Read(bytes, 0);
            var end = SegmentHeader.Read(bytes, next, directory.NodeId, number)!.Value.PreviousEnd;
            using var segment = File.OpenHandle(Path.Combine(path, SegmentHeader.FileName(number - 1)), FileMode.Open, FileAccess.ReadWrite);
            if (RandomAccess.GetLength(segment) > end) RandomAccess.SetLength(segment, end);
        }

        return 0;
    }
}
