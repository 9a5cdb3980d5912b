using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.RewriteLogs;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>What nobody can weigh beforehand does not make a rewritten segment longer than others: recovery and the places of records have limits.</summary>
public sealed class RewriteSizeTests
{
    private const int Segments = 12;

    [Fact]
    public async Task RecordsOfAQuarantinedGroup_AreNotJoinedToOneLongSegment()
    {
        var files = new SimulatedFiles();
        await using (var fixture = Open(files, Manual))
        {
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            await AppendAsync(log, Segments);
        }

        // Late in the log: what comes before the damage is evidence, and no entry of a log that can be read.
        files.Alter(SegmentPaths(files).SkipLast(1).Last(), bytes => { bytes[bytes.AsSpan().IndexOf("..."u8)] ^= 1; return bytes; });
        await using (var fixture = Open(files, Manual))
        {
            Assert.Equal(GroupOf("a"), Assert.Single(fixture.Log.Quarantined).Group);
            await RollAsync(fixture, fixture.Log.OpenReplica(GroupOf("busy")), 3);
            await fixture.Log.CleanAsync(2);
            AssertLengths(files);
            Assert.Equal(0, await fixture.Log.CleanAsync(2));
        }

        await using var again = Open(files, Manual);
        Assert.Equal(GroupOf("a"), Assert.Single(again.Log.Quarantined).Group);
    }

    [Fact]
    public async Task EntriesThatWereCut_AreNotJoinedToOneLongSegment()
    {
        var files = new SimulatedFiles();
        string before;
        await using (var fixture = Open(files, Manual))
        {
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            await AppendAsync(log, Segments);
            await log.CutFromAsync(new LogIndex(2));
            await RollAsync(fixture, fixture.Log.OpenReplica(GroupOf("busy")), 3);
            await fixture.Log.CleanAsync(2);
            AssertLengths(files);
            before = Describe(log);
        }

        await using var again = Open(files, Manual);
        Assert.Equal(before, Describe(again.Log.OpenReplica(GroupOf("a"))));
        Assert.Empty(again.Log.Quarantined);
    }

    private static async Task AppendAsync(IReplicaLog log, int segments)
    {
        for (var i = 1; i <= segments * 70; i++) await log.AppendAsync([Entry(1, i, new string('.', 100))]);
    }

    private static IEnumerable<string> SegmentPaths(SimulatedFiles files) => files.All.Where(path => path.EndsWith(".segment", StringComparison.Ordinal));

    private static void AssertLengths(SimulatedFiles files)
    {
        foreach (var path in SegmentPaths(files)) Assert.InRange(files.ReadAll(path).Length, 0, WriteAheadLogOptions.MinSegmentBytes * 5 / 4);
    }
}
