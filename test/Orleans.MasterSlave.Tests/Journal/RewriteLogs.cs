using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>Logs of many small segments, which are rewritten when a test says so.</summary>
internal static class RewriteLogs
{
    /// <summary>No rewriting but when it is asked for.</summary>
    public static WriteAheadLogOptions Manual => new() { SegmentBytes = WriteAheadLogOptions.MinSegmentBytes, InlineSnapshotBytes = 256, SnapshotAfterSegments = 1000, RecentEntriesBytes = 0, CleanInBackground = false };

    /// <summary>A group writes about so many segments, of which it needs next to nothing.</summary>
    public static async Task RollAsync(LogFixture fixture, IReplicaLog busy, int times)
    {
        for (var i = 0; i < times * 70; i++)
        {
            await busy.AppendAsync([Entry(1, busy.Last.Index.Value + 1, new string('.', 100))]);
            if (busy.Last.Index.Value % 20 == 0) await busy.SaveSnapshotAsync(Snapshot(busy.Last), busy.Last.Index);
        }
    }
}
