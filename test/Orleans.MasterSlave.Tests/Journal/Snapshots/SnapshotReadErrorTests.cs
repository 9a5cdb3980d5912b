using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.Snapshots.SnapshotLogs;

namespace Orleans.MasterSlave.Tests.Journal.Snapshots;

/// <summary>A snapshot file that cannot be read, or is gone, while the log runs: that touches the groups in it, and neither the others nor the log.</summary>
public sealed class SnapshotReadErrorTests
{
    private readonly SimulatedFiles _disk = new();

    private string[] Files => SnapshotsOn(_disk);

    // In each file one snapshot of a group that rests, and others that nobody needs.
    private async Task<string[]> BeginAsync(int files)
    {
        await using var fixture = Open(_disk, Manual);
        for (var i = 0; i < files; i++)
        {
            await SaveAsync(fixture, i);
            for (var n = 1; n < PerFile; n++) await SaveAsync(fixture, 99);
        }

        await SaveAsync(fixture, 99);
        return DescribeAll(fixture, files);
    }

    [Fact]
    public async Task ReadErrorInARewriting_LeavesThatFileAlone()
    {
        var before = await BeginAsync(3);
        var bad = Files[1];
        var broken = false;
        var files = new FaultyFiles(_disk, (_, _) => { }, reading: (path, _, _) => { if (broken && path == bad) throw new IOException("errno 5"); });
        await using (var fixture = Open(files, Manual))
        {
            fixture.Log.Snapshots.Files.LookInto(fixture.Log.Snapshots.Files.All()[1]);
            broken = true;
            await fixture.Log.CleanAsync(1000);
            Assert.False(fixture.Log.Failed.IsCompleted);
            Assert.Equal(PerFile * SnapshotHead.Alignment, _disk.ReadAll(bad).Length);
            broken = false;
            Assert.Equal(before, DescribeAll(fixture, 3));
            await fixture.Log.DropReplicaAsync(Of(1));
            await fixture.Log.CleanAsync(1000);
            Assert.False(_disk.Exists(bad)); // nobody needs it: what cannot be copied can be deleted
        }

        await using var again = Open(_disk, Manual);
        Assert.Equal([before[0], before[2]], [Describe(again.Log.OpenReplica(Of(0))), Describe(again.Log.OpenReplica(Of(2)))]);
    }

    [Fact]
    public async Task ReadErrorInARewriting_InTheBackground_DoesNotFailTheLog()
    {
        await BeginAsync(3);
        var bad = Files[1];
        var reads = 0;
        var options = SmallSegments;
        options.RewriteBytesPerSecond = 1024L * 1024 * 1024;
        var files = new FaultyFiles(_disk, (_, _) => { }, reading: (path, _, _) => { if (path == bad && Interlocked.Increment(ref reads) > PerFile) throw new IOException("errno 5"); });
        await using var fixture = Open(files, options);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref reads) > PerFile, TimeSpan.FromSeconds(20)));
        await fixture.Log.CleanAsync(1000); // after what runs
        Assert.False(fixture.Log.Failed.IsCompleted);
    }

    [Fact]
    public async Task FileThatIsGone_AfterItWasLookedInto_QuarantinesItsGroup()
    {
        const int files = 40; // more than are kept open
        var before = await BeginAsync(files);
        await using var fixture = Open(_disk, Manual);
        foreach (var file in fixture.Log.Snapshots.Files.All()) fixture.Log.Snapshots.Files.LookInto(file);
        _disk.Delete(Files[0]);
        Assert.Equal(Of(0), Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(Of(0))).Group);
        await fixture.Log.CleanAsync(1000);
        Assert.False(fixture.Log.Failed.IsCompleted);
        for (var i = 1; i < files; i++) Assert.Equal(before[i], Describe(fixture.Log.OpenReplica(Of(i))));
    }

    [Fact]
    public void HugeFile_ThatBeginsLikeOneOfVersion1_IsOnlyDamaged()
    {
        var (places, isVersion1) = SnapshotScan.Of(new HugeFile(), LogFixture.Node, 1);
        Assert.Empty(places);
        Assert.False(isVersion1);
    }

    /// <summary>Three GiB, of which each piece begins as a file of version 1 does.</summary>
    private sealed class HugeFile : ILogFile
    {
        public string Path => "";
        public long Length => 3L * 1024 * 1024 * 1024;

        public int Read(Span<byte> buffer, long offset)
        {
            buffer.Clear();
            SnapshotHead.Magic.CopyTo(buffer);
            buffer[8] = (byte)SnapshotVersion1.Version;
            return buffer.Length;
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset) => throw new InvalidOperationException();
        public void Reserve(long length) => throw new InvalidOperationException();
        public void Truncate(long length) => throw new InvalidOperationException();
        public void Sync() => throw new InvalidOperationException();

        public void Dispose()
        {
        }
    }
}
