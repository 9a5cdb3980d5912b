using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.RewriteLogs;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>A quarantined group stays so at every later start, whatever is deleted or rewritten meanwhile (D3).</summary>
public sealed class KeptEvidenceTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task GroupWhoseOldestRecordIsDamaged_StaysQuarantined(bool rewrites, bool promises)
    {
        var files = new SimulatedFiles();
        var (a, busy, state) = (GroupOf("a"), GroupOf("busy"), Snapshot(At(4, 23)).State);
        await using (var fixture = Open(files, Manual))
        {
            await fixture.Log.OpenReplica(GroupOf("idle")).AppendAsync(Entries(1, 1, rewrites ? 1 : 0)); // keeps the first segment
            var log = fixture.Log.OpenReplica(a);
            await log.InstallSnapshotAsync(Snapshot(At(4, 23))); // the oldest record, and all that there is
            await RollAsync(fixture, fixture.Log.OpenReplica(busy), 2);
            if (promises) await log.PromiseAsync(new Epoch(9));
        }

        FlipIn(files, state);
        for (var start = 0; start < 3; start++)
        {
            await using var fixture = Open(files, Manual);
            Assert.Equal(a, Assert.Single(fixture.Log.Quarantined).Group);
            Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(a));
            await RollAsync(fixture, fixture.Log.OpenReplica(busy), 3);
            if (rewrites) await fixture.Log.CleanAsync(2);
        }
    }

    // What the node has of the group is only what came after the drop, of which it cannot be told what it was.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DroppedGroupWhoseNextRecordIsDamaged_IsQuarantined(bool installs)
    {
        var files = new SimulatedFiles();
        var (a, snapshot, entry) = (GroupOf("a"), Snapshot(At(4, 23)), Entry(4, 1, "after the drop"));
        await using (var fixture = Open(files, Manual))
        {
            await DropAsync(fixture, a);
            await (installs ? fixture.Log.OpenReplica(a).InstallSnapshotAsync(snapshot) : fixture.Log.OpenReplica(a).AppendAsync([entry]));
            await RollAsync(fixture, fixture.Log.OpenReplica(GroupOf("busy")), 2);
        }

        FlipIn(files, installs ? snapshot.State : entry.Payload);
        for (var start = 0; start < 3; start++)
        {
            await using var fixture = Open(files, Manual);
            Assert.Equal(a, Assert.Single(fixture.Log.Quarantined).Group);
            Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(a));
            await RollAsync(fixture, fixture.Log.OpenReplica(GroupOf("busy")), 3);
            await fixture.Log.CleanAsync(2);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DroppedGroupWhoseNextRecordIsTorn_IsMarked(bool inBatchOfDrop)
    {
        var (disk, left, a, entry) = (new SimulatedFiles(), new SimulatedFiles(), GroupOf("a"), Entry(4, 1, "after the drop"));
        using var mayGoOn = new ManualResetEventSlim(true);
        var files = new FaultyFiles(disk, (operation, _) => { if (operation == nameof(ILogFile.Sync)) mayGoOn.Wait(TestContext.Current.CancellationToken); });
        await using (var fixture = Open(files, Manual))
        {
            if (!inBatchOfDrop) await DropAsync(fixture, a);
            else await fixture.Log.OpenReplica(a).AppendAsync(Entries(1, 1, 3));
            mayGoOn.Reset();
            List<Task> pending = [fixture.Log.OpenReplica(GroupOf("busy")).AppendAsync(Entries(1, 1, 1))];
            if (inBatchOfDrop) pending.Add(fixture.Log.DropReplicaAsync(a));
            pending.Add(fixture.Log.OpenReplica(a).AppendAsync([entry]));
            mayGoOn.Set();
            await Task.WhenAll(pending);
            left = disk.Copy();
        }

        FlipIn(left, entry.Payload);
        for (var start = 0; start < 3; start++)
        {
            await using var fixture = Open(left, Manual);
            var log = fixture.Log.OpenReplica(a);
            Assert.True(log.HadTornTail);
            Assert.Equal(LogPosition.None, log.Last);
        }
    }

    private static async Task DropAsync(LogFixture fixture, GroupId group)
    {
        await fixture.Log.OpenReplica(group).AppendAsync(Entries(1, 1, 3));
        await fixture.Log.DropReplicaAsync(group);
    }

    private static void FlipIn(SimulatedFiles files, byte[] wanted)
    {
        var segment = files.All.Last(path => path.EndsWith(".segment", StringComparison.Ordinal) && files.ReadAll(path).AsSpan().IndexOf(wanted) >= 0);
        files.Alter(segment, bytes => { bytes[bytes.AsSpan().IndexOf(wanted) + 3] ^= 1; return bytes; });
    }
}
