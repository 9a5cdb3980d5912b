using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.RewriteLogs;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>What idle, unopened and quarantined groups need is copied forward, so that the log does not grow for ever (D5).</summary>
public sealed class SegmentRewriteTests
{
    private static readonly string[] Quiet = ["idle", "snapshot", "cut", "promised", "installed"];

    // Some groups write a little and fall silent; another writes on, with snapshots.
    private static async Task<string[]> WriteAsync(LogFixture fixture)
    {
        var busy = fixture.Log.OpenReplica(GroupOf("busy"));
        var logs = Quiet.ToDictionary(name => name, name => fixture.Log.OpenReplica(GroupOf(name)));
        await logs["idle"].AppendAsync(Entries(1, 1, 5));
        await logs["snapshot"].AppendAsync(Entries(1, 1, 5));
        await logs["snapshot"].SaveSnapshotAsync(Snapshot(At(1, 4), 100), new LogIndex(3));
        await logs["cut"].AppendAsync(Entries(1, 1, 20));
        await logs["cut"].AppendAsync(Entries(1, 21, 20));
        await RollAsync(fixture, busy, 2);
        await logs["cut"].AppendAsync(Entries(3, 41, 2));
        await logs["cut"].CutFromAsync(new LogIndex(20));
        await logs["cut"].AppendAsync(Entries(4, 20, 3));
        await logs["promised"].PromiseAsync(new Epoch(7));
        await logs["installed"].AppendAsync(Entries(1, 1, 5));
        await RollAsync(fixture, busy, 2);
        await logs["installed"].InstallSnapshotAsync(Snapshot(At(2, 3), 100));
        await logs["installed"].AppendAsync(Entries(2, 4, 2));
        await RollAsync(fixture, busy, 3);
        return Describe(fixture);
    }

    private static string[] Describe(LogFixture fixture) => [.. Quiet.Select(name => LogFixture.Describe(fixture.Log.OpenReplica(GroupOf(name))))];

    [Fact]
    public async Task Rewriting_ChangesNothingThatCanBeRead_AndFreesSegments()
    {
        var files = new SimulatedFiles();
        string[] before;
        await using (var fixture = Open(files, Manual))
        {
            before = await WriteAsync(fixture);
            var segments = fixture.Log.Segments;
            Assert.True(segments >= 7, $"{segments} segments");
            Assert.True(await fixture.Log.CleanAsync(2) > 0);
            Assert.True(fixture.Log.Segments <= 4, $"{fixture.Log.Segments} segments");
            Assert.Equal(before, Describe(fixture));
            Assert.Equal(0, await fixture.Log.CleanAsync(2)); // it is not done again and again
            await fixture.Log.OpenReplica(GroupOf("idle")).AppendAsync(Entries(1, 6, 2));
            before = Describe(fixture);
        }

        for (var start = 0; start < 3; start++)
        {
            await using var again = Open(files, Manual);
            Assert.Equal(before, Describe(again));
            Assert.Empty(again.Log.Quarantined);
            await RollAsync(again, again.Log.OpenReplica(GroupOf("busy")), 3);
            await again.Log.CleanAsync(2); // what was rewritten is rewritten with others
            Assert.Equal(before, Describe(again));
        }
    }

    [Fact]
    public async Task InstallThatASnapshotReplaced_StillForgetsWhatCameBefore()
    {
        var files = new SimulatedFiles();
        string before;
        await using (var fixture = Open(files, Manual))
        {
            var (log, busy) = (fixture.Log.OpenReplica(GroupOf("a")), fixture.Log.OpenReplica(GroupOf("busy")));
            await log.AppendAsync(Entries(3, 1, 20));
            await log.AppendAsync(Entries(3, 21, 7));
            await log.InstallSnapshotAsync(Snapshot(At(4, 23), 100));
            await log.SaveSnapshotAsync(Snapshot(At(4, 23), 100), new LogIndex(23));
            await log.AppendAsync(Entries(5, 24, 3));
            before = LogFixture.Describe(log);
            await RollAsync(fixture, busy, 4);
            Assert.True(await fixture.Log.CleanAsync(2) > 0);
            Assert.Equal(before, LogFixture.Describe(log));
        }

        await using var again = Open(files, Manual);
        Assert.Equal(before, LogFixture.Describe(again.Log.OpenReplica(GroupOf("a"))));
    }

    [Fact]
    public async Task Groups_ThatNobodyOpens_DoNotKeepTheLog()
    {
        var files = new SimulatedFiles();
        string[] before;
        await using (var fixture = Open(files, Manual)) before = await WriteAsync(fixture);
        await using (var fixture = Open(files, SmallSegments))
        {
            var busy = fixture.Log.OpenReplica(GroupOf("busy"));
            for (var i = 0; i < 10; i++)
            {
                await RollAsync(fixture, busy, 1);
                await busy.SaveSnapshotAsync(Snapshot(busy.Last), busy.Last.Index);
            }

            while (fixture.Log.Segments > SmallSegments.SnapshotAfterSegments + 2) await Task.Yield(); // the log sees to it by itself
            Assert.Equal(before, Describe(fixture));
        }

        await using var again = Open(files, SmallSegments);
        Assert.Equal(before, Describe(again));
    }

    [Fact]
    public async Task PowerFailureAtAnyStep_LosesNothing()
    {
        var steps = new List<SimulatedFiles>();
        var disk = new SimulatedFiles();
        var watch = false;
        var files = new FaultyFiles(disk, (_, _) =>
        {
            if (!watch) return;
            lock (steps) steps.AddRange([disk.Copy(), disk.Crash(new Random(steps.Count)), disk.Crash(new Random(-steps.Count - 1))]);
        });
        string[] before;
        await using (var fixture = Open(files, Manual))
        {
            before = await WriteAsync(fixture);
            watch = true;
            Assert.True(await fixture.Log.CleanAsync(2) > 0);
            watch = false;
        }

        Assert.True(steps.Count > 20);
        foreach (var left in steps)
        {
            for (var start = 0; start < 2; start++)
            {
                await using var fixture = Open(left, Manual);
                Assert.Empty(fixture.Log.Quarantined);
                Assert.Equal(before, Describe(fixture));
                Assert.DoesNotContain(left.All, path => path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public async Task QuarantinedGroup_StaysSo_WithItsEvidence_AndDoesNotKeepTheRest()
    {
        var files = new SimulatedFiles();
        string[] before;
        await using (var fixture = Open(files, Manual)) before = await WriteAsync(fixture);
        var path = System.IO.Path.Combine(LogFixture.Path, SegmentHeader.FileName(1));
        files.Alter(path, bytes => { bytes[bytes.AsSpan().IndexOf("payload 1:3"u8)] ^= 1; return bytes; }); // of "idle"
        await using (var fixture = Open(files, Manual))
        {
            Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(GroupOf("idle")));
            var segments = fixture.Log.Segments;
            await fixture.Log.CleanAsync(2);
            Assert.True(fixture.Log.Segments < segments);
        }

        for (var start = 0; start < 2; start++)
        {
            await using var fixture = Open(files, Manual);
            Assert.Equal(GroupOf("idle"), Assert.Single(fixture.Log.Quarantined).Group);
            Assert.Equal(before[1..], Quiet[1..].Select(name => LogFixture.Describe(fixture.Log.OpenReplica(GroupOf(name)))));
        }

        Assert.Contains(files.All.Where(name => name.EndsWith(".segment", StringComparison.Ordinal)), name => files.ReadAll(name).AsSpan().IndexOf("payload 1:4"u8) >= 0);
        await using var healed = Open(files, Manual);
        await healed.Log.DropReplicaAsync(GroupOf("idle"));
        Assert.Equal(LogPosition.None, healed.Log.OpenReplica(GroupOf("idle")).Last);
    }

    [Fact]
    public async Task DamageOfNobodyKnowsWhose_IsNotRewritten()
    {
        var files = new SimulatedFiles();
        await using var fixture = Open(files, Manual);
        await WriteAsync(fixture);
        var path = System.IO.Path.Combine(LogFixture.Path, SegmentHeader.FileName(1));
        files.Alter(path, bytes => { bytes.AsSpan(SegmentHeader.Bytes + 100, 60).Clear(); return bytes; });
        var damaged = files.ReadAll(path);
        await fixture.Log.CleanAsync(2);
        Assert.Equal(damaged, files.ReadAll(path));
    }

    [Fact]
    public async Task EveryByteOfARewrittenSegmentFlipped_IsNoticed()
    {
        var files = new SimulatedFiles();
        string[] before;
        await using (var fixture = Open(files, Manual))
        {
            before = await WriteAsync(fixture);
            await fixture.Log.CleanAsync(2);
        }

        var path = files.All.First(name => name.EndsWith(".segment", StringComparison.Ordinal));
        var length = files.ReadAll(path).Length;
        Assert.Equal(SegmentHeader.RewrittenBytes, SegmentHeader.LengthIn(files.ReadAll(path)));
        var (tried, noticed) = (0, 0);
        for (var at = 0; at < length; at += at < 200 ? 1 : 7, tried++)
        {
            var harmed = files.Copy();
            harmed.Alter(path, bytes => { bytes[at] ^= (byte)(1 << (at % 8)); return bytes; });
            LogFixture fixture;
            try
            {
                fixture = Open(harmed, Manual);
            }
            catch (Exception ex) when (ex is LogFormatException or LogDirectoryMismatchException)
            {
                noticed++;
                continue;
            }

            await using (fixture)
            {
                if (fixture.Log.Quarantined.Count > 0) noticed++;
                for (var i = 0; i < Quiet.Length; i++)
                {
                    try
                    {
                        Assert.Equal(before[i], LogFixture.Describe(fixture.Log.OpenReplica(GroupOf(Quiet[i]))));
                    }
                    catch (LogDamagedException)
                    {
                        // Noticed.
                    }
                }
            }
        }

        // Not noticed is only what an install, later in the log, makes unneeded; then all the groups are whole.
        Assert.InRange(noticed, tried * 9 / 10, tried);
        for (var cut = 0; cut < length; cut += 37)
        {
            var harmed = files.Copy();
            harmed.Alter(path, bytes => bytes[..cut]);
            await using var fixture = Open(harmed, Manual);
            foreach (var name in Quiet) Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(GroupOf(name)));
        }
    }

    [Fact]
    public async Task FullDisk_StopsRewriting_AndNothingElse()
    {
        var files = new SimulatedFiles();
        await using var fixture = Open(files, Manual);
        var before = await WriteAsync(fixture);
        var segments = fixture.Log.Segments;
        files.Capacity = 0;
        Assert.Equal(0, await fixture.Log.CleanAsync(2));
        Assert.Equal(segments, fixture.Log.Segments);
        files.Capacity = long.MaxValue;
        await fixture.Log.OpenReplica(GroupOf("idle")).PromiseAsync(new Epoch(2));
        Assert.True(await fixture.Log.CleanAsync(2) > 0);
        Assert.Equal(before[1..], Describe(fixture)[1..]);
    }

    [Fact]
    public async Task TornTailOfUnknownGroups_StaysKnown_WhenItsSegmentIsRewritten()
    {
        var files = new SimulatedFiles();
        await using (var fixture = Open(files, Manual)) await fixture.Log.OpenReplica(GroupOf("idle")).AppendAsync(Entries(1, 1, 3));
        var segment = System.IO.Path.Combine(LogFixture.Path, SegmentHeader.FileName(1));
        files.Alter(segment, bytes => { bytes.AsSpan(SegmentHeader.Bytes + 90).Clear(); return bytes; });
        for (var start = 0; start < 3; start++)
        {
            await using var fixture = Open(files, Manual);
            Assert.True(fixture.Log.OpenReplica(GroupOf($"unheard of {start}")).HadTornTail);
            var busy = fixture.Log.OpenReplica(GroupOf("busy"));
            await RollAsync(fixture, busy, 5);
            await fixture.Log.CleanAsync(2);
        }
    }
}
