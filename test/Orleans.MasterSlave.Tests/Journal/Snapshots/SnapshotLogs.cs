using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal.Snapshots;

/// <summary>Snapshot logs of small files, which are cleared when a test says so.</summary>
internal static class SnapshotLogs
{
    /// <summary>So many snapshots of <see cref="SnapshotBytes"/> fill a file.</summary>
    public const int PerFile = 4;
    public const int SnapshotBytes = 3000;

    /// <summary>Nothing is cleared away but when it is asked for, and then at once.</summary>
    public static WriteAheadLogOptions Manual
    {
        get
        {
            var options = SmallSegments;
            (options.CleanInBackground, options.RewriteBytesPerSecond) = (false, 1024L * 1024 * 1024);
            return options;
        }
    }

    public static GroupId Of(int i) => GroupOf($"g{i}");

    public static bool IsSnapshot(string path) => path.EndsWith(".snapshot", StringComparison.Ordinal);

    public static string[] SnapshotsOn(SimulatedFiles disk) => [.. disk.All.Where(IsSnapshot)];

    /// <summary>Appends an entry to a group's log and takes a snapshot with it.</summary>
    public static async Task SaveAsync(LogFixture fixture, int group, int bytes = SnapshotBytes)
    {
        var log = fixture.Log.OpenReplica(Of(group));
        await log.AppendAsync([Entry(1 + group, log.Last.Index.Value + 1)]);
        await log.SaveSnapshotAsync(Snapshot(log.Last, bytes), log.Last.Index);
    }

    /// <summary>All that can be seen of the groups from 0 on.</summary>
    public static string[] DescribeAll(LogFixture fixture, int groups) => [.. Enumerable.Range(0, groups).Select(i => Describe(fixture.Log.OpenReplica(Of(i))))];
}
