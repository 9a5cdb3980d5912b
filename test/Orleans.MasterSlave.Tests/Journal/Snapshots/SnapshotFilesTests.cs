using Orleans.MasterSlave.Journal;
using Xunit;

namespace Orleans.MasterSlave.Tests.Journal.Snapshots;

/// <summary>What the files of the snapshot log know of what is needed of them.</summary>
public sealed class SnapshotFilesTests
{
    [Fact]
    public void LettingGoASnapshot_CostsNoMore_InAFileOfVeryMany()
    {
        const int count = 200_000;
        using var snapshots = new SnapshotFiles(new SimulatedFiles(), LogFixture.Path, LogFixture.Node);
        var asked = 0;
        snapshots.MuchUnneeded = () => asked++;
        snapshots.Use(new SnapshotFile(1, snapshots.PathOf(1)) { Places = [] });
        for (var i = 0; i < count; i++) snapshots.Added(1 + i, new SnapshotPlace((long)i * SnapshotHead.Alignment, SnapshotHead.Alignment));
        snapshots.Use(null);
        var started = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            Assert.Equal((long)(count - i) * SnapshotHead.Alignment, Assert.Single(snapshots.Uses()).NeededBytes);
            snapshots.Release(1 + i);
        }

        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0, 10); // minutes, if each looked at all others
        Assert.Equal(1 + count / 2, asked);
        Assert.Single(snapshots.TakeUnneeded());
    }
}
