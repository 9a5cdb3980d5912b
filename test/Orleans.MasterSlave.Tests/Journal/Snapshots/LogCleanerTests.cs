using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.Snapshots.SnapshotLogs;

namespace Orleans.MasterSlave.Tests.Journal.Snapshots;

/// <summary>Two kinds of files are cleared away by one: neither waits for ever for the other.</summary>
public sealed class LogCleanerTests
{
    private const int Fed = 15;
    private readonly SimulatedFiles _disk = new();

    [Fact]
    public async Task SegmentsAreRewritten_ThoughThereIsAlwaysASnapshotFileToRewrite()
    {
        LogFixture? fixture = null;
        var (group, rewritten, segmentsAfter) = (100, 0, -1);
        var files = new FaultyFiles(_disk, (operation, path) =>
        {
            if (operation != "Replace" || fixture is null) return;
            if (path.EndsWith(".segment", StringComparison.Ordinal)) segmentsAfter = segmentsAfter < 0 ? rewritten : segmentsAfter;
            if (!IsSnapshot(path) || ++rewritten > Fed) return;
            Assert.True(Task.Run(FeedAsync).Wait(TimeSpan.FromSeconds(20)));
        });

        // Some files of which little is needed.
        async Task FeedAsync()
        {
            for (var n = 0; n < 3; n++)
            {
                await SaveAsync(fixture!, ++group);
                for (var i = 1; i < PerFile; i++) await SaveAsync(fixture!, 99);
            }
        }

        var opened = fixture = Open(files, Manual);
        await using (opened)
        {
            // And some segments that an idle group keeps.
            await fixture.Log.OpenReplica(Of(0)).AppendAsync([Entry(1, 1)]);
            var log = fixture.Log.OpenReplica(Of(1));
            for (var i = 1; i <= 1000; i++) await log.AppendAsync([Entry(1, i, new string('x', 100))]);
            await log.SaveSnapshotAsync(Snapshot(log.Last), log.Last.Index);
            await FeedAsync();
            Assert.True(fixture.Log.Segments > 10);
            await fixture.Log.CleanAsync(2);
            Assert.True(rewritten > Fed);
            Assert.InRange(segmentsAfter, 0, 2);
            fixture = null;
        }
    }

    [Fact]
    public async Task ManySmallPieces_KeepTheRateToo()
    {
        var pace = new RewritePace(1024 * 1024, TimeProvider.System, TestContext.Current.CancellationToken);
        var started = TimeProvider.System.GetTimestamp();
        for (var bytes = 0; bytes < 256 * 1024; bytes += 512) await pace.WaitAsync(512);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0.2, 20);
    }
}
