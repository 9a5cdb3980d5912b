using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>On the real disk.</summary>
public sealed class WriteAheadLogDiskTests : IDisposable
{
    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("journal-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task ManyWritersOfManyGroups_ShareSyncs_AndNothingIsLost()
    {
        const int groups = 64, perGroup = 200;
        long syncs;
        var options = new WriteAheadLogOptions { SegmentBytes = 256 * 1024 };
        await using (var first = Open(DiskFiles.Instance, options, _folder.FullName))
        {
            await Task.WhenAll(Enumerable.Range(0, groups).Select(g => Task.Run(async () =>
            {
                var log = first.Log.OpenReplica(GroupOf($"g{g}"));
                for (var i = 1; i <= perGroup; i++) await log.AppendAsync([Entry(1, i)]);
                Assert.Equal(new LogIndex(perGroup), log.DurableIndex);
            })));
            syncs = first.Log.Syncs;
            Assert.True(first.Log.Segments > 3);
        }

        Assert.True(syncs * 4 < groups * perGroup, $"{syncs} syncs for {groups * perGroup} appends");
        await using var second = Open(DiskFiles.Instance, options, _folder.FullName);
        for (var g = 0; g < groups; g++)
        {
            var entries = second.Log.OpenReplica(GroupOf($"g{g}")).Read(new LogIndex(1), int.MaxValue, int.MaxValue);
            Assert.Equal(Enumerable.Range(1, perGroup).Select(i => (long)i), entries.Select(entry => entry.Index.Value));
        }
    }

    [Fact]
    public async Task SecondOpener_IsRefused()
    {
        await using var first = Open(DiskFiles.Instance, path: _folder.FullName);
        Assert.Throws<LogDirectoryLockedException>(() => Open(DiskFiles.Instance, path: _folder.FullName));
    }

    [Fact]
    public async Task Segments_GoWhenNoGroupNeedsThem_AndThePinningGroupIsNamed()
    {
        await using (var first = Open(DiskFiles.Instance, path: _folder.FullName))
        {
            var wanted = new TaskCompletionSource<IReadOnlyList<GroupId>>();
            first.Log.SnapshotsWanted += groups => wanted.TrySetResult(groups);
            var idle = first.Log.OpenReplica(GroupOf("idle"));
            await idle.AppendAsync([Entry(1, 1)]);
            var busy = first.Log.OpenReplica(GroupOf("busy"));
            for (var i = 1; i <= 600; i++)
            {
                await busy.AppendAsync([Entry(1, i)]);
                if (i % 50 == 0) await busy.SaveSnapshotAsync(Snapshot(At(1, i)), new LogIndex(i));
            }

            Assert.True(first.Log.Segments >= 4);
            Assert.Equal([GroupOf("idle")], await wanted.Task);
            Assert.Equal([GroupOf("idle")], first.Log.GroupsHoldingOldestSegment());
            await idle.SaveSnapshotAsync(Snapshot(At(1, 1)), new LogIndex(1));
            await busy.SaveSnapshotAsync(Snapshot(At(1, 600)), new LogIndex(600));
            await busy.AppendAsync([Entry(1, 601)]);
            await busy.AppendAsync([Entry(1, 602)]);
            Assert.True(first.Log.Segments <= 2, $"{first.Log.Segments} segments");
        }

        await using var second = Open(DiskFiles.Instance, path: _folder.FullName);
        Assert.Equal(At(1, 602), second.Log.OpenReplica(GroupOf("busy")).Last);
        Assert.Equal(At(1, 1), second.Log.OpenReplica(GroupOf("idle")).Last);
    }
}
