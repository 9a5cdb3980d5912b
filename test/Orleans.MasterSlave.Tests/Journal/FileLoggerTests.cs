using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

public sealed class FileLoggerTests
{
    private readonly SimulatedFiles _files = new();

    [Fact]
    public async Task Append_AfterReopen_IsReadBack()
    {
        string before;
        await using (var first = Open(_files))
        {
            var log = first.Log.OpenReplica(GroupOf("a"));
            var task = log.AppendAsync(Entries(1, 1, 5));
            Assert.Equal(At(1, 5), log.Last);
            await task;
            Assert.Equal(new LogIndex(5), log.DurableIndex);
            await log.AppendAsync([Entry(2, 6, "six", dataLossCount: 3)]);
            before = Describe(log);
        }

        await using var second = Open(_files);
        var again = second.Log.OpenReplica(GroupOf("a"));
        Assert.Equal(before, Describe(again));
        Assert.Equal(new LogIndex(6), again.DurableIndex);
        Assert.Equal(3, again.DataLossCount);
        Assert.False(again.HadTornTail);
        Assert.Equal([GroupOf("a")], second.Log.Groups);
    }

    [Fact]
    public async Task Append_WithAGap_IsRefused()
    {
        await using var fixture = Open(_files);
        var log = fixture.Log.OpenReplica(GroupOf("a"));
        await log.AppendAsync(Entries(2, 1, 2));
        await Assert.ThrowsAsync<ArgumentException>(() => log.AppendAsync([Entry(2, 4)]));
        await Assert.ThrowsAsync<ArgumentException>(() => log.AppendAsync([Entry(1, 3)]));
        Assert.Equal(At(2, 2), log.Last);
    }

    [Fact]
    public async Task Read_HonoursItsLimits()
    {
        await using var fixture = Open(_files);
        var log = fixture.Log.OpenReplica(GroupOf("a"));
        await log.AppendAsync(Entries(1, 1, 10));
        Assert.Equal([3, 4], log.Read(new LogIndex(3), 2, int.MaxValue).Select(e => e.Index.Value));
        Assert.Equal([3], log.Read(new LogIndex(3), 9, 1).Select(e => e.Index.Value));
        Assert.Empty(log.Read(new LogIndex(11), 9, 1));
        Assert.Equal(new Epoch(1), log.EpochAt(new LogIndex(10)));
        Assert.Equal(Epoch.None, log.EpochAt(LogIndex.None));
        Assert.Null(log.EpochAt(new LogIndex(11)));
    }

    [Fact]
    public async Task CutThenAppend_KeepsTheirOrder()
    {
        string before;
        await using (var first = Open(_files))
        {
            var log = first.Log.OpenReplica(GroupOf("a"));
            var all = new List<Task> { log.AppendAsync(Entries(1, 1, 5)), log.CutFromAsync(new LogIndex(3)), log.AppendAsync(Entries(2, 3, 2)) };
            await Task.WhenAll(all);
            Assert.Equal(At(2, 4), log.Last);
            Assert.Equal(new LogIndex(4), log.DurableIndex);
            Assert.Equal(new Epoch(1), log.EpochAt(new LogIndex(2)));
            before = Describe(log);
        }

        await using var second = Open(_files);
        Assert.Equal(before, Describe(second.Log.OpenReplica(GroupOf("a"))));
    }

    [Fact]
    public async Task Cut_LowersTheDurableIndex()
    {
        await using var fixture = Open(_files);
        var log = fixture.Log.OpenReplica(GroupOf("a"));
        await log.AppendAsync(Entries(1, 1, 5));
        await log.CutFromAsync(new LogIndex(3));
        Assert.Equal(new LogIndex(2), log.DurableIndex);
        await log.CutFromAsync(new LogIndex(9));
        Assert.Equal(At(1, 2), log.Last);
    }

    [Fact]
    public async Task Promise_Survives_AndIsNeverLowered()
    {
        await using (var first = Open(_files))
        {
            var log = first.Log.OpenReplica(GroupOf("a"));
            await log.PromiseAsync(new Epoch(7));
            Assert.Equal(new Epoch(7), log.PromisedEpoch);
            await log.PromiseAsync(new Epoch(5));
        }

        await using var second = Open(_files);
        Assert.Equal(new Epoch(7), second.Log.OpenReplica(GroupOf("a")).PromisedEpoch);
    }

    /// <summary>Whose log it is stands in every record that makes older ones unneeded (I4); a dropped group may come again as another.</summary>
    [Fact]
    public async Task Birth_IsSetOnce_AndSurvives()
    {
        var (one, other) = (Promises.Birth, new GroupBirth(new Guid(9, 9, 9, new byte[8])));
        await using (var first = Open(_files))
        {
            foreach (var key in new[] { "a", "b", "c" })
            {
                var log = first.Log.OpenReplica(GroupOf(key));
                Assert.True(log.Birth.IsNone);
                await log.PromiseAsync(new Epoch(7), one);
                Assert.Equal(one, log.Birth);
                await Assert.ThrowsAsync<ArgumentException>(() => log.PromiseAsync(new Epoch(8), other));
                await log.PromiseAsync(new Epoch(8), GroupBirth.None);
            }

            var b = first.Log.OpenReplica(GroupOf("b"));
            await b.AppendAsync(Entries(8, 1, 3));
            await b.SaveSnapshotAsync(Snapshot(At(8, 2)), new LogIndex(2));
            await first.Log.OpenReplica(GroupOf("c")).InstallSnapshotAsync(Snapshot(At(8, 9)));
        }

        await using var second = Open(_files);
        foreach (var key in new[] { "a", "b", "c" })
        {
            Assert.Equal((one, new Epoch(8)), (second.Log.OpenReplica(GroupOf(key)).Birth, second.Log.OpenReplica(GroupOf(key)).PromisedEpoch));
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(5000)]
    public async Task Snapshot_ReplacesEntries_AndKeepsWhatLaggingSlavesNeed(int bytes)
    {
        string before;
        await using (var first = Open(_files))
        {
            var log = first.Log.OpenReplica(GroupOf("a"));
            await log.PromiseAsync(new Epoch(1));
            await log.AppendAsync(Entries(1, 1, 10));
            await log.SaveSnapshotAsync(Snapshot(At(1, 8), bytes), new LogIndex(6));
            Assert.Equal((At(1, 6), At(1, 10)), (log.Base, log.Last));
            Assert.Equal(At(1, 8), log.Snapshot!.Position);
            await log.AppendAsync(Entries(2, 11, 1));
            await log.SaveSnapshotAsync(Snapshot(At(1, 9), bytes), new LogIndex(20));
            Assert.Equal(At(1, 9), log.Base);
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => log.CutFromAsync(new LogIndex(9)));
            await log.CutFromAsync(new LogIndex(10));
            before = Describe(log);
        }

        await using var second = Open(_files);
        var again = second.Log.OpenReplica(GroupOf("a"));
        Assert.Equal(before, Describe(again));
        Assert.Equal(Snapshot(At(1, 9), bytes).State, again.Snapshot!.State);
        Assert.Equal(bytes > 256 ? 1 : 0, _files.All.Count(path => path.EndsWith(".snapshot", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(5000)]
    public async Task Install_ReplacesEverything(int bytes)
    {
        string before;
        await using (var first = Open(_files))
        {
            var log = first.Log.OpenReplica(GroupOf("a"));
            await log.PromiseAsync(new Epoch(4));
            await log.AppendAsync(Entries(3, 1, 10));
            await log.SaveSnapshotAsync(Snapshot(At(3, 8), bytes), new LogIndex(8));
            await log.InstallSnapshotAsync(Snapshot(At(2, 5), bytes, dataLossCount: 2));
            Assert.Equal((At(2, 5), At(2, 5)), (log.Base, log.Last));
            Assert.Equal(new LogIndex(5), log.DurableIndex);
            Assert.Equal(2, log.DataLossCount);
            await log.AppendAsync(Entries(4, 6, 2));
            before = Describe(log);
        }

        await using var second = Open(_files);
        Assert.Equal(before, Describe(second.Log.OpenReplica(GroupOf("a"))));
    }

    [Fact]
    public async Task Drop_ForgetsTheGroup()
    {
        await using (var first = Open(_files))
        {
            var log = first.Log.OpenReplica(GroupOf("a"));
            await log.AppendAsync(Entries(1, 1, 3));
            await first.Log.DropReplicaAsync(GroupOf("a"));
            Assert.Throws<ObjectDisposedException>(() => { _ = log.AppendAsync([Entry(1, 4)]); });
            Assert.Empty(first.Log.Groups);
            var anew = first.Log.OpenReplica(GroupOf("a"));
            Assert.Equal(LogPosition.None, anew.Last);
            await anew.AppendAsync(Entries(5, 1, 1));
        }

        await using var second = Open(_files);
        Assert.Equal(At(5, 1), second.Log.OpenReplica(GroupOf("a")).Last);
    }

    [Fact]
    public async Task Orphans_AreReadBack()
    {
        await using var fixture = Open(_files);
        var log = fixture.Log.OpenReplica(GroupOf("a/b c"));
        await log.AppendAsync(Entries(1, 1, 5));
        await log.SaveOrphansAsync(log.Read(new LogIndex(3), 9, 9999), At(1, 2));
        await log.SaveOrphansAsync(log.Read(new LogIndex(4), 9, 9999), At(1, 3));
        var paths = OrphanFile.List(LogFixture.Path, _files);
        Assert.Equal(["test.group%2fa%2fb%20c-1-1.orphans", "test.group%2fa%2fb%20c-1-2.orphans"], paths.Select(path => System.IO.Path.GetFileName(path)));
        var orphans = OrphanFile.Read(paths[0], _files);
        Assert.Equal((GroupOf("a/b c"), At(1, 2)), (orphans.Group, orphans.CutAfter));
        Assert.Equal([3, 4, 5], orphans.Entries.Select(entry => entry.Index.Value));
        Assert.Equal("payload 1:4", System.Text.Encoding.UTF8.GetString(orphans.Entries[1].Payload));
        for (var at = 0; at < _files.ReadAll(paths[1]).Length; at++)
        {
            var harmed = _files.Copy();
            harmed.Alter(paths[1], bytes => { bytes[at] ^= 1; return bytes; });
            Assert.Throws<LogDamagedException>(() => OrphanFile.Read(paths[1], harmed));
        }
    }
}

