using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.Snapshots.SnapshotLogs;

namespace Orleans.MasterSlave.Tests.Journal.Snapshots;

/// <summary>A number stands for one snapshot for ever, whatever becomes of the records that name it; and which file a name is of.</summary>
public sealed class SnapshotNumberTests
{
    private const int Groups = 3;
    private readonly SimulatedFiles _disk = new();

    private string[] Files => SnapshotsOn(_disk);

    private async Task<string[]> BeginAsync()
    {
        await using var fixture = Open(_disk, Manual);
        for (var i = 0; i < Groups; i++) await SaveAsync(fixture, i);
        for (var i = 1; i <= 200; i++) await fixture.Log.OpenReplica(Of(9)).AppendAsync([Entry(1, i, new string('x', 100))]);
        return DescribeAll(fixture, Groups);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DamageOfTheLogThatIsUndone_FindsTheSnapshotsThatNobodyNamedMeanwhile(bool afterRewriting)
    {
        var before = await BeginAsync();
        if (afterRewriting)
        {
            // One file holds numbers that are far above its own.
            await using var fixture = Open(_disk, Manual);
            for (var i = 0; i < 30; i++) await SaveAsync(fixture, 1 + i % 2);
            await fixture.Log.DropReplicaAsync(Of(9));
            before = DescribeAll(fixture, Groups);
            for (var i = 1; i <= 200; i++) await fixture.Log.OpenReplica(Of(9)).AppendAsync([Entry(1, i, new string('x', 100))]);
        }

        if (afterRewriting)
        {
            await using var fixture = Open(_disk, Manual);
            await fixture.Log.CleanAsync(1000);
            Assert.Single(Files);
        }

        var (broken, whole) = (_disk.Copy(), new Dictionary<string, byte[]>());
        foreach (var path in broken.All.Where(path => path.EndsWith(".segment", StringComparison.Ordinal)).SkipLast(1))
        {
            whole[path] = broken.ReadAll(path);
            broken.Alter(path, bytes => { bytes.AsSpan(SegmentHeader.Bytes).Fill(7); return bytes; });
        }

        await using (var fixture = Open(broken, Manual))
        {
            Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(Of(0)));
            for (var i = 10; i < 14; i++)
            {
                await fixture.Log.DropReplicaAsync(Of(i));
                await SaveAsync(fixture, i);
            }
        }

        foreach (var (path, bytes) in whole) broken.Alter(path, _ => bytes);
        await using var again = Open(broken, Manual);
        Assert.Equal(before, DescribeAll(again, Groups));
    }

    [Theory]
    [InlineData("1.snapshot")]
    [InlineData("+000000000000001.snapshot")]
    [InlineData(" 0000000000000001.snapshot")]
    [InlineData("0000000000000001 .snapshot")]
    public async Task FileOfAnotherName_DoesNotPassForOneOfTheLogs(string name)
    {
        var before = await BeginAsync();
        _disk.Create(System.IO.Path.Combine(LogFixture.Path, "snapshots", name)).Dispose();
        for (var start = 0; start < 2; start++)
        {
            await using var fixture = Open(_disk, Manual);
            Assert.Equal(before, DescribeAll(fixture, Groups));
            await fixture.Log.CleanAsync(1000);
        }

        await using var again = Open(_disk, Manual);
        Assert.Equal(before, DescribeAll(again, Groups));
    }

    [Fact]
    public async Task FileOfVersion1_GoesWhenItsSnapshotIsReplaced()
    {
        await using (var fixture = Open(_disk, Manual)) await SaveAsync(fixture, 0);
        var old = Assert.Single(Files);
        _disk.Alter(old, ToVersion1);
        await using var again = Open(_disk, Manual);
        Assert.Equal(3000, again.Log.OpenReplica(Of(0)).Snapshot!.State.Length);
        await again.Log.CleanAsync(1000);
        Assert.True(_disk.Exists(old));
        await SaveAsync(again, 0);
        await again.Log.CleanAsync(1000);
        Assert.False(_disk.Exists(old));
    }

    [Fact]
    public async Task FileOfVersion1_IsReadAsAWhole_ForItsGroupOnly()
    {
        await using (var fixture = Open(_disk, Manual)) await SaveAsync(fixture, 0);
        _disk.Alter(Assert.Single(Files), ToVersion1);
        var reads = 0;
        await using var again = Open(new FaultyFiles(_disk, (_, _) => { }, reading: (path, _, _) => reads += path == Files[0] ? 1 : 0), Manual);
        await again.Log.CleanAsync(1000);
        Assert.Equal(1, reads); // its head: there may be many of them, and large ones
        Assert.Equal(Snapshot(At(1, 1), 3000).State, again.Log.OpenReplica(Of(0)).Snapshot!.State);
    }

    [Fact]
    public async Task SharedFile_WhoseVersionIsDamagedToOne_TouchesOneGroup()
    {
        var before = await BeginAsync();
        _disk.Alter(Files[0], bytes => { bytes[8] = (byte)SnapshotVersion1.Version; return bytes; });
        await using var fixture = Open(_disk, Manual);
        Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(Of(0)));
        for (var i = 1; i < Groups; i++) Assert.Equal(before[i], Describe(fixture.Log.OpenReplica(Of(i))));
    }
}
