using Microsoft.Extensions.Logging.Abstractions;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.Snapshots.SnapshotLogs;

namespace Orleans.MasterSlave.Tests.Journal.Snapshots;

/// <summary>Damage, errors, full disks and crashes of the snapshot log: whoever is not touched is served, and what counts is there.</summary>
public sealed class SnapshotLogFaultTests
{
    private readonly SimulatedFiles _disk = new();

    private string[] Files => SnapshotsOn(_disk);

    private static string? DescribeUnlessQuarantined(LogFixture fixture, int group)
    {
        try
        {
            return Describe(fixture.Log.OpenReplica(Of(group)));
        }
        catch (LogDamagedException ex)
        {
            Assert.Equal(Of(group), ex.Group);
            return null;
        }
    }

    private static string?[] DescribeAll(LogFixture fixture) => [.. Enumerable.Range(0, PerFile).Select(i => DescribeUnlessQuarantined(fixture, i))];

    [Fact]
    public async Task EachByteOfASharedFileFlipped_TouchesOneGroup()
    {
        string?[] whole;
        await using (var fixture = Open(_disk, Manual))
        {
            for (var i = 0; i < PerFile; i++) await SaveAsync(fixture, i);
            whole = DescribeAll(fixture);
        }

        var path = Assert.Single(Files);
        for (var at = 0; at < PerFile * SnapshotHead.Alignment; at += at % SnapshotHead.Alignment < SnapshotHead.Bytes ? 1 : 53)
        {
            var harmed = _disk.Copy();
            harmed.Alter(path, bytes => { bytes[at] ^= 16; return bytes; });
            await using var fixture = Open(harmed, Manual);
            var found = DescribeAll(fixture);
            for (var i = 0; i < PerFile; i++) Assert.Equal(i == at / SnapshotHead.Alignment ? null : whole[i], found[i]);
        }
    }

    [Fact]
    public async Task TruncatedFile_AndSwappedBlocks_TouchOnlyWhatIsGone()
    {
        string?[] whole;
        await using (var fixture = Open(_disk, Manual))
        {
            for (var i = 0; i < PerFile; i++) await SaveAsync(fixture, i);
            whole = DescribeAll(fixture);
        }

        var path = Assert.Single(Files);
        for (var length = 0; length < PerFile * SnapshotHead.Alignment; length += 509)
        {
            var harmed = _disk.Copy();
            harmed.Alter(path, bytes => bytes[..length]);
            await using var fixture = Open(harmed, Manual);
            var found = DescribeAll(fixture);
            for (var i = 0; i < PerFile; i++) Assert.Equal((i + 1) * SnapshotHead.Alignment > length ? null : whole[i], found[i]);
        }

        var swapped = _disk.Copy();
        swapped.Alter(path, bytes => [.. bytes[4096..8192], .. bytes[..4096], .. bytes[8192..]]);
        await using var again = Open(swapped, Manual);
        Assert.Equal([null, null, whole[2], whole[3]], DescribeAll(again));
    }

    [Fact]
    public async Task DamagedSnapshot_StaysSo_AndItsFileIsLeftAlone_OrCopiedAsItIs()
    {
        await using (var fixture = Open(_disk, Manual))
        {
            for (var i = 0; i < PerFile; i++) await SaveAsync(fixture, i);
        }

        foreach (var at in new[] { 40, 2000 }) // head, state
        {
            var harmed = _disk.Copy();
            var path = Files[0];
            harmed.Alter(path, bytes => { bytes[at] ^= 1; return bytes; });
            for (var start = 0; start < 2; start++)
            {
                await using var fixture = Open(harmed, Manual);
                for (var i = 1; i < PerFile; i++) await SaveAsync(fixture, i);
                await fixture.Log.CleanAsync(1000);
                Assert.True(harmed.Exists(path));
                Assert.Equal(at > SnapshotHead.Bytes, harmed.ReadAll(path).Length == SnapshotHead.Alignment);
                Assert.Null(DescribeUnlessQuarantined(fixture, 0));
                for (var i = 1; i < PerFile; i++) Assert.NotNull(DescribeUnlessQuarantined(fixture, i));
            }
        }
    }

    [Fact]
    public async Task DamagedLog_KeepsEverySnapshotFile()
    {
        await using (var fixture = Open(_disk, Manual))
        {
            await SaveAsync(fixture, 0);
            await SaveAsync(fixture, 0);
            for (var i = 1; i <= 200; i++) await fixture.Log.OpenReplica(Of(1)).AppendAsync([Entry(1, i, new string('x', 100))]);
        }

        var name = System.IO.Path.Combine(LogFixture.Path, SegmentHeader.FileName(1));
        _disk.Alter(name, bytes => { bytes.AsSpan(SegmentHeader.Bytes, 3000).Fill(7); return bytes; });
        for (var start = 0; start < 2; start++)
        {
            await using var fixture = Open(_disk, Manual);
            Assert.Null(DescribeUnlessQuarantined(fixture, 0));
            await fixture.Log.CleanAsync(1000);
            Assert.Single(Files); // nothing names what is in it any more
        }
    }

    [Fact]
    public async Task FullDisk_RefusesTheSnapshot_AndTheNextOneHasRoom()
    {
        await using var fixture = Open(_disk, Manual);
        await SaveAsync(fixture, 0);
        var log = fixture.Log.OpenReplica(Of(0));
        var before = Describe(log);
        var length = _disk.ReadAll(Files[0]).Length;
        _disk.Capacity = _disk.All.Sum(path => (long)_disk.ReadAll(path).Length) + 1000;
        await Assert.ThrowsAsync<LogFullException>(() => log.SaveSnapshotAsync(Snapshot(log.Last, 5000), log.Last.Index));
        await Assert.ThrowsAsync<LogFullException>(() => log.SaveSnapshotAsync(Snapshot(log.Last, 5000), log.Last.Index));
        Assert.Equal((before, length), (Describe(log), _disk.ReadAll(Files[0]).Length));
        _disk.Capacity = long.MaxValue;
        await SaveAsync(fixture, 0, 5000);
        Assert.Equal(5000, log.Snapshot!.State.Length);
    }

    [Fact]
    public async Task FullDisk_StopsARewriting_WhichGoesOnLater()
    {
        await using var fixture = Open(_disk, Manual);
        for (var i = 0; i < PerFile; i++) await SaveAsync(fixture, i);
        for (var i = 1; i < PerFile; i++) await SaveAsync(fixture, i);
        _disk.Capacity = _disk.All.Sum(path => (long)_disk.ReadAll(path).Length);
        await fixture.Log.CleanAsync(1000);
        Assert.Equal(PerFile * SnapshotHead.Alignment, _disk.ReadAll(Files[0]).Length);
        Assert.DoesNotContain(_disk.All, path => path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal));
        _disk.Capacity = long.MaxValue;
        await fixture.Log.CleanAsync(1000);
        Assert.Equal(SnapshotHead.Alignment, _disk.ReadAll(Files[0]).Length);
        Assert.False(fixture.Log.Failed.IsCompleted);
    }

    [Theory]
    [InlineData("Write")]
    [InlineData("Sync")]
    [InlineData("SyncDirectory")]
    [InlineData("Create")]
    public async Task FailedWriteOrSync_FailsTheLog_AndAllThatWait(string failing)
    {
        var files = new FaultyFiles(_disk, (operation, path) =>
        {
            if (operation == failing && (IsSnapshot(path) || path.EndsWith("snapshots", StringComparison.Ordinal))) throw new IOException("errno 5");
        });
        await using (var fixture = Open(files, Manual))
        {
            var logs = Enumerable.Range(0, 3).Select(i => fixture.Log.OpenReplica(Of(i))).ToArray();
            foreach (var log in logs) await log.AppendAsync(Entries(1, 1, 2));
            var saving = logs.Select(log => log.SaveSnapshotAsync(Snapshot(At(1, 2), 3000), new LogIndex(2))).ToArray();
            foreach (var task in saving) await Assert.ThrowsAsync<LogFailedException>(() => task);
            await Assert.ThrowsAsync<LogFailedException>(() => logs[0].AppendAsync([Entry(1, 3)]));
            await Assert.ThrowsAsync<LogFailedException>(() => logs[0].SaveSnapshotAsync(Snapshot(At(1, 2), 3000), new LogIndex(2)));
        }

        await using var again = Open(_disk, Manual);
        for (var i = 0; i < 3; i++) Assert.Equal(At(1, 2), again.Log.OpenReplica(Of(i)).Last);
    }

    [Fact]
    public async Task CrashAtEachStepOfARewriting_LosesNothing()
    {
        string?[] before;
        await using (var fixture = Open(_disk, Manual))
        {
            for (var i = 0; i < PerFile; i++)
            {
                await SaveAsync(fixture, i);
                for (var n = 1; n < PerFile; n++) await SaveAsync(fixture, 9);
            }

            await SaveAsync(fixture, 9);
            before = DescribeAll(fixture);
        }

        List<SimulatedFiles> left = [];
        var watched = _disk.Copy();
        var watch = false;
        var files = new FaultyFiles(watched, (_, _) =>
        {
            if (watch) left.AddRange([watched.Copy(), .. Enumerable.Range(0, 4).Select(i => watched.Crash(new Random(5 * left.Count + i)))]);
        });
        await using (var fixture = Open(files, Manual))
        {
            Assert.Equal(PerFile + 1, watched.All.Count(IsSnapshot));
            watch = true;
            await fixture.Log.CleanAsync(1000);
            watch = false;
            Assert.Equal(2, watched.All.Count(IsSnapshot));
        }

        Assert.True(left.Count > 50);
        foreach (var disk in left)
        {
            for (var start = 0; start < 2; start++)
            {
                await using var fixture = Open(disk, Manual);
                Assert.Equal(before, DescribeAll(fixture));
                Assert.DoesNotContain(disk.All, path => path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal));
                if (start > 0) continue;
                for (var n = 0; n < PerFile; n++) await SaveAsync(fixture, 9);
                await fixture.Log.CleanAsync(1000);
                Assert.Equal(before, DescribeAll(fixture));
                Assert.InRange(disk.All.Count(IsSnapshot), 1, 3);
            }
        }
    }

    [Fact]
    public async Task LeftoverOfARewriting_WhoseSnapshotsGoOn_IsNotReadInTheirPlace()
    {
        await using (var fixture = Open(_disk, Manual))
        {
            for (var i = 0; i < PerFile; i++)
            {
                await SaveAsync(fixture, i);
                for (var n = 1; n < PerFile; n++) await SaveAsync(fixture, 9);
            }

            await SaveAsync(fixture, 9);
        }

        // As a crash leaves it that comes when the rewritten file is in its place, and before the others are deleted.
        SimulatedFiles? left = null;
        var watched = _disk.Copy();
        await using (var fixture = Open(new FaultyFiles(watched, (operation, path) => { if (operation == "Delete" && IsSnapshot(path)) left ??= watched.Copy(); }), Manual))
            await fixture.Log.CleanAsync(1000);

        string?[] before;
        await using (var fixture = Open(left!, Manual))
        {
            Assert.Equal(PerFile + 1, left!.All.Count(IsSnapshot));
            for (var i = 0; i < PerFile; i++) await SaveAsync(fixture, i);
            await fixture.Log.CleanAsync(1000);
            before = DescribeAll(fixture);
        }

        await using var again = Open(left, Manual);
        Assert.Equal(before, DescribeAll(again));
    }

    [Fact]
    public async Task UnreadableFile_IsLeftAlone_AndTheOthersAreRewritten()
    {
        string?[] before;
        await using (var fixture = Open(_disk, Manual))
        {
            for (var i = 0; i < PerFile; i++)
            {
                await SaveAsync(fixture, i);
                for (var n = 1; n < PerFile; n++) await SaveAsync(fixture, 9);
            }

            before = DescribeAll(fixture);
        }

        var unreadable = Files[1];
        var broken = true;
        var files = new FaultyFiles(_disk, (_, _) => { }, opening: path => { if (broken && path == unreadable) throw new IOException("errno 5"); });
        await using (var fixture = Open(files, Manual))
        {
            await fixture.Log.CleanAsync(1000);
            Assert.False(fixture.Log.Failed.IsCompleted);
            Assert.Throws<LogDirectoryAccessException>(() => fixture.Log.OpenReplica(Of(1)));
            broken = false;
            Assert.Equal(before, DescribeAll(fixture));
        }

        Assert.Contains(unreadable, Files);
        Assert.True(Files.Length < PerFile);
    }
}
