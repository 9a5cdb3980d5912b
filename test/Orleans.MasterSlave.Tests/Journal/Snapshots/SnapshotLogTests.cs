using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.Snapshots.SnapshotLogs;

namespace Orleans.MasterSlave.Tests.Journal.Snapshots;

/// <summary>Snapshots in files that many groups share: four of 3,000 bytes fill one. Nothing is cleared away but when a test asks.</summary>
public sealed class SnapshotLogTests
{
    private readonly SimulatedFiles _disk = new();

    private string[] Files => SnapshotsOn(_disk);

    private static LogSnapshot SnapshotOf(int group, long index, int bytes = 3000) => Snapshot(At(1 + group, index), bytes, dataLossCount: 0);

    private string[] ReadAgain(int groups, SimulatedFiles? disk = null)
    {
        var fixture = Open(disk ?? _disk.Copy(), Manual);
        try
        {
            return DescribeAll(fixture, groups);
        }
        finally
        {
            fixture.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    [Fact]
    public async Task Snapshots_ShareFiles_AndAreReadBack()
    {
        string[] before;
        await using (var fixture = Open(_disk, Manual))
        {
            for (var i = 0; i < 10; i++) await SaveAsync(fixture, i);
            before = DescribeAll(fixture, 10);
            Assert.Equal(3, Files.Length);
        }

        Assert.Equal(before, ReadAgain(10));
    }

    [Fact]
    public async Task SnapshotsThatComeTogether_ShareSyncs()
    {
        var syncs = 0;
        using var first = new ManualResetEventSlim();
        var files = new FaultyFiles(_disk, (operation, path) =>
        {
            if (operation != "Sync" || !IsSnapshot(path)) return;
            Interlocked.Increment(ref syncs);
            first.Wait();
        });
        var options = Manual;
        options.SegmentBytes = 1024 * 1024;
        await using var fixture = Open(files, options);
        var logs = Enumerable.Range(0, 50).Select(i => fixture.Log.OpenReplica(Of(i))).ToArray();
        await Task.WhenAll(logs.Select((log, i) => log.AppendAsync([Entry(1 + i, 1)])));
        var saved = logs.Select((log, i) => log.SaveSnapshotAsync(SnapshotOf(i, 1), new LogIndex(1))).ToArray();
        first.Set();
        await Task.WhenAll(saved);
        Assert.InRange(syncs, 1, 2);
        Assert.Single(Files);
    }

    [Fact]
    public async Task SnapshotLargerThanAFile_HasOneOfItsOwn()
    {
        await using (var fixture = Open(_disk, Manual))
        {
            await SaveAsync(fixture, 0);
            await SaveAsync(fixture, 1, 5 * WriteAheadLogOptions.MinSegmentBytes);
            await SaveAsync(fixture, 2);
            Assert.Equal(3, Files.Length);
        }

        Assert.Contains(Convert.ToHexString(SnapshotOf(1, 1, 5 * WriteAheadLogOptions.MinSegmentBytes).State), ReadAgain(3)[1]);
    }

    [Fact]
    public async Task FileOfWhichNothingIsNeeded_IsDeleted_AlsoAfterADrop_AndAtTheNextStart()
    {
        await using (var fixture = Open(_disk, Manual))
        {
            for (var i = 0; i < 2 * PerFile; i++) await SaveAsync(fixture, i);
            for (var i = 0; i < PerFile; i++) await fixture.Log.DropReplicaAsync(Of(i));
            await fixture.Log.CleanAsync(1000);
            Assert.Single(Files);
            for (var i = PerFile; i < 2 * PerFile; i++) await fixture.Log.DropReplicaAsync(Of(i));
            await fixture.Log.CleanAsync(1000);
            Assert.Single(Files); // in use
        }

        await using var again = Open(_disk, Manual);
        Assert.Empty(Files);
    }

    [Fact]
    public async Task LittleNeededFiles_AreRewrittenAsOne_AlsoOfGroupsThatAreNotOpen()
    {
        const int idle = 3;
        string[] before;
        await using (var fixture = Open(_disk, Manual))
        {
            // In each file one snapshot of a group that then rests, and three of one that goes on.
            for (var i = 0; i < idle; i++)
            {
                await SaveAsync(fixture, i);
                for (var n = 0; n < PerFile - 1; n++) await SaveAsync(fixture, idle);
            }

            await SaveAsync(fixture, idle);
            before = DescribeAll(fixture, idle + 1);
        }

        await using (var fixture = Open(_disk, Manual))
        {
            Assert.Equal(idle + 1, Files.Length);
            await fixture.Log.CleanAsync(1000);
            Assert.Single(Files);
            Assert.Equal((idle + 1) * SnapshotHead.Alignment, _disk.ReadAll(Files[0]).Length);
            Assert.Equal(before, DescribeAll(fixture, idle + 1));
            await fixture.Log.CleanAsync(1000);
            await SaveAsync(fixture, idle);
            Assert.Equal(2, Files.Length);
            before = DescribeAll(fixture, idle + 1);
        }

        Assert.Equal(before, ReadAgain(idle + 1));
    }

    [Fact]
    public async Task Reader_WhileItsFileIsRewritten_FindsTheSame()
    {
        await using var fixture = Open(_disk, Manual);
        for (var i = 0; i < 3 * PerFile; i++) await SaveAsync(fixture, i);
        var record = fixture.Log.OpenReplica(Of(0)).Snapshot!;
        using var over = new CancellationTokenSource();
        var read = 0;
        var group = GroupBytes.Of(Of(0));
        var named = new SnapshotRecord(record.Position, record.Position, Epoch.None, -1, record.DataLossCount, record.TimeUtc, 1, GroupBirth.None);
        var reader = Task.Run(() =>
        {
            while (!over.IsCancellationRequested)
            {
                Assert.Equal(record.State, fixture.Log.Snapshots.Read(Of(0), group, named).State);
                Interlocked.Increment(ref read);
            }
        }, TestContext.Current.CancellationToken);
        for (var i = 0; i < 8; i++)
        {
            for (var n = 0; n < 2 * PerFile; n++) await SaveAsync(fixture, 1 + n % 5);
            var before = Volatile.Read(ref read);
            await fixture.Log.CleanAsync(1000);
            while (Volatile.Read(ref read) == before && !reader.IsCompleted) await Task.Yield();
        }

        await over.CancelAsync();
        await reader;
    }

    [Fact]
    public async Task NumbersOfSnapshots_AreNeverGivenAgain_ThoughTheirFilesAreGone()
    {
        await using (var fixture = Open(_disk, Manual))
        {
            for (var i = 0; i < PerFile - 1; i++) await SaveAsync(fixture, i); // 1, 2, 3 in the file of number 1
            await fixture.Log.DropReplicaAsync(Of(0));
            await fixture.Log.DropReplicaAsync(Of(2));
        }

        string[] before;
        await using (var fixture = Open(_disk, Manual))
        {
            await SaveAsync(fixture, 3);
            await SaveAsync(fixture, 0);
            before = DescribeAll(fixture, 4);
        }

        Assert.Equal(before, ReadAgain(4));
    }
}
