using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>Entries that are no longer in memory: read from their segment, wherever it went, or not at all.</summary>
public sealed class EvictedEntriesTests
{
    private readonly SimulatedFiles _files = new();

    private static WriteAheadLogOptions NothingInMemory => new() { SegmentBytes = WriteAheadLogOptions.MinSegmentBytes, InlineSnapshotBytes = 256, RecentEntriesBytes = 0, CleanInBackground = false };

    [Fact]
    public async Task Read_OfWhatWasEvicted_OverManySegments_IsWhatWasWritten()
    {
        await using var fixture = Open(_files, NothingInMemory);
        var (a, b) = (fixture.Log.OpenReplica(GroupOf("a")), fixture.Log.OpenReplica(GroupOf("b")));
        for (var i = 1; i <= 400; i++) await Task.WhenAll(a.AppendAsync([Entry(1, i)]), b.AppendAsync([Entry(2, i, new string('b', i))]));
        Assert.True(fixture.Log.Segments > 5);
        await NothingRecentAsync(fixture);
        Assert.Equal(Enumerable.Range(1, 400).Select(i => $"payload 1:{i}"), a.Read(new LogIndex(1), 1000, int.MaxValue).Select(Text));
        Assert.Equal(Enumerable.Range(1, 400).Select(i => new string('b', i)), b.Read(new LogIndex(1), 1000, int.MaxValue).Select(Text));
        Assert.Equal([7, 8], a.Read(new LogIndex(7), 2, int.MaxValue).Select(e => e.Index.Value));
    }

    [Fact]
    public async Task Memory_StaysWithinTheBudget_WhateverIsWritten()
    {
        var options = NothingInMemory;
        options.RecentEntriesBytes = 20 * (RecentEntries.OverheadBytes + 100);
        await using var fixture = Open(_files, options);
        var logs = Enumerable.Range(0, 10).Select(g => fixture.Log.OpenReplica(GroupOf($"g{g}"))).ToArray();
        for (var i = 1; i <= 50; i++)
            foreach (var log in logs) await log.AppendAsync([Entry(1, i, new string('x', 100))]);
        Assert.InRange(fixture.Log.RecentBytes, 1, options.RecentEntriesBytes + RecentEntries.OverheadBytes + 100);
        foreach (var log in logs) Assert.Equal(50, log.Read(new LogIndex(1), 100, int.MaxValue).Count);
    }

    [Fact]
    public async Task NotYetDurable_IsNeverEvicted()
    {
        var hold = new ManualResetEventSlim(true);
        var files = new FaultyFiles(_files, (name, _) => { if (name == "Sync") hold.Wait(); });
        await using var fixture = Open(files, NothingInMemory);
        var (a, b) = (fixture.Log.OpenReplica(GroupOf("a")), fixture.Log.OpenReplica(GroupOf("b")));
        await a.AppendAsync(Entries(1, 1, 3));
        hold.Reset();
        var first = b.AppendAsync(Entries(1, 1, 1));
        var second = a.AppendAsync(Entries(1, 4, 3));
        Assert.Equal(new LogIndex(3), a.DurableIndex);
        Assert.Equal([1, 2, 3, 4, 5, 6], a.Read(new LogIndex(1), 9, int.MaxValue).Select(e => e.Index.Value));
        hold.Set();
        await Task.WhenAll(first, second);
        await NothingRecentAsync(fixture);
        Assert.Equal([4, 5, 6], a.Read(new LogIndex(4), 9, int.MaxValue).Select(e => e.Index.Value));
    }

    [Fact]
    public async Task CutBelowAnEvictedEntry_ThenOthersInItsPlace_ReadsTheOthers()
    {
        string before;
        var hold = new ManualResetEventSlim(true);
        var files = new FaultyFiles(_files, (name, _) => { if (name == "Sync") hold.Wait(); });
        await using (var fixture = Open(files, NothingInMemory))
        {
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            await log.AppendAsync(Entries(1, 1, 10));
            await NothingRecentAsync(fixture);
            hold.Reset();
            var cut = log.CutFromAsync(new LogIndex(4));
            var append = log.AppendAsync(Entries(2, 4, 3));
            Assert.Equal(Entry(1, 3).TimeUtc, log.Read(new LogIndex(3), 1, 1)[0].TimeUtc);
            Assert.Equal(["payload 1:2", "payload 1:3", "payload 2:4", "payload 2:5", "payload 2:6"], log.Read(new LogIndex(2), 9, 9999).Select(Text));
            hold.Set();
            await Task.WhenAll(cut, append);
            await NothingRecentAsync(fixture);
            Assert.Equal(["payload 1:3", "payload 2:4", "payload 2:5", "payload 2:6"], log.Read(new LogIndex(3), 9, 9999).Select(Text));
            await log.CutFromAsync(new LogIndex(3));
            Assert.Equal(Entry(1, 2).TimeUtc, log.LastTimeUtc); // read back from the disk
            before = Describe(log);
        }

        await using var again = Open(_files, NothingInMemory);
        Assert.Equal(before, Describe(again.Log.OpenReplica(GroupOf("a"))));
    }

    [Fact]
    public async Task Eviction_OfAnEntryThatWasCut_LeavesTheOneInItsPlace()
    {
        var options = NothingInMemory;
        options.RecentEntriesBytes = 4 * (RecentEntries.OverheadBytes + 100);
        await using var fixture = Open(_files, options);
        var (a, b) = (fixture.Log.OpenReplica(GroupOf("a")), fixture.Log.OpenReplica(GroupOf("b")));
        for (var i = 1; i <= 50; i++)
        {
            await a.AppendAsync(Entries(2 * i, 1, 2));
            await a.CutFromAsync(new LogIndex(1));
            await a.AppendAsync(Entries(2 * i + 1, 1, 2));
            await b.AppendAsync([Entry(1, i, new string('b', 50 * (i % 4)))]);
            Assert.Equal([$"payload {2 * i + 1}:1", $"payload {2 * i + 1}:2"], a.Read(new LogIndex(1), 9, 9999).Select(Text));
            await a.CutFromAsync(new LogIndex(1));
        }
    }

    [Fact]
    public async Task SnapshotThatItsReplicaHasNotSwitchedToYet_IsMovedToo()
    {
        var (disk, thread) = (new SimulatedFiles(), new ReplicaThread());
        using var mayGoOn = new ManualResetEventSlim(true);
        var files = new FaultyFiles(disk, (operation, _) => { if (operation == nameof(ILogFile.Sync)) mayGoOn.Wait(TestContext.Current.CancellationToken); });
        await using (var fixture = Open(files, RewriteLogs.Manual))
        {
            var (log, busy) = (fixture.Log.OpenReplica(GroupOf("a")), fixture.Log.OpenReplica(GroupOf("busy")));
            await log.AppendAsync(Entries(1, 1, 3));
            mayGoOn.Reset();
            var saving = thread.Run(() => log.SaveSnapshotAsync(Snapshot(At(1, 3)), new LogIndex(3)));
            mayGoOn.Set();
            await RewriteLogs.RollAsync(fixture, busy, 4);
            Assert.True(await fixture.Log.CleanAsync(2) > 0);
            await thread.RunAllAsync(saving);
            await RewriteLogs.RollAsync(fixture, busy, 4);
            Assert.True(await fixture.Log.CleanAsync(2) > 0); // what nobody knows the place of goes now
        }

        await using var again = Open(disk, RewriteLogs.Manual);
        Assert.Equal(At(1, 3), again.Log.OpenReplica(GroupOf("a")).Snapshot?.Position);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task UntilTheReplicaHasSwitched_WhatASnapshotReplaces_CanBeRead(bool install)
    {
        var hold = new ManualResetEventSlim(true);
        await using var fixture = Open(new FaultyFiles(_files, (name, _) => { if (name == "Sync") hold.Wait(); }), NothingInMemory);
        var thread = new ReplicaThread();
        var log = fixture.Log.OpenReplica(GroupOf("a"));
        await log.AppendAsync(Entries(1, 1, 15));
        await log.AppendAsync(Entries(1, 16, 15));
        await log.SaveSnapshotAsync(Snapshot(At(1, 2), 200), new LogIndex(2));
        var old = log.Snapshot!.State.ToArray();
        hold.Reset(); // so that it does wait
        var saving = thread.Run(() => install ? log.InstallSnapshotAsync(Snapshot(At(2, 50), 200)) : log.SaveSnapshotAsync(Snapshot(At(1, 30), 200), new LogIndex(30)));
        hold.Set();
        await thread.SomethingToDoAsync(); // the record is durable, but the replica has not heard of it

        var other = fixture.Log.OpenReplica(GroupOf("other"));
        for (var i = 1; i <= 400; i++)
        {
            await other.AppendAsync([Entry(1, i)]);
            if (i % 40 == 0) await other.SaveSnapshotAsync(Snapshot(At(1, i)), new LogIndex(i));
        }

        await fixture.Log.CleanAsync(2);
        Assert.Equal(Enumerable.Range(3, 28).Select(i => $"payload 1:{i}"), log.Read(new LogIndex(3), 99, 99_999).Select(Text));
        GC.Collect();
        Assert.Equal(old, log.Snapshot!.State);
        var segments = fixture.Log.Segments;
        await thread.RunAllAsync(saving);
        Assert.Equal(install ? At(2, 50) : At(1, 30), log.Base);
        Assert.Equal(log.Base, log.Snapshot!.Position);
        await thread.RunAllAsync(thread.Run(() => log.SaveSnapshotAsync(Snapshot(log.Base, 200), log.Base.Index))); // its record lies ahead
        while (fixture.Log.Segments >= segments) await Task.Yield();
    }

    [Fact]
    public async Task DropAndReopen_TheOldViewReadsNothing_TheNewOnlyItsOwn()
    {
        await using (var fixture = Open(_files, NothingInMemory))
        {
            var old = fixture.Log.OpenReplica(GroupOf("a"));
            for (var i = 1; i <= 50; i++) await old.AppendAsync([Entry(1, i)]);
            var dropped = fixture.Log.DropReplicaAsync(GroupOf("a"));
            var anew = fixture.Log.OpenReplica(GroupOf("a"));
            Assert.Throws<ObjectDisposedException>(() => old.Read(new LogIndex(1), 9, 9));
            for (var i = 1; i <= 60; i++) await anew.AppendAsync([Entry(5, i)]);
            await dropped;
            await GrowAsync(fixture, 6);
            await fixture.Log.CleanAsync(2);
            Assert.Equal(Enumerable.Range(1, 60).Select(i => $"payload 5:{i}"), anew.Read(new LogIndex(1), 99, 99_999).Select(Text));
        }

        await using var again = Open(_files, NothingInMemory);
        Assert.Equal(Enumerable.Range(1, 60).Select(i => $"payload 5:{i}"), again.Log.OpenReplica(GroupOf("a")).Read(new LogIndex(1), 99, 99_999).Select(Text));
    }

    [Fact]
    public async Task DamageFoundWhenRead_QuarantinesThatGroupOnly_AndStaysFound()
    {
        await using (var fixture = Open(_files, NothingInMemory))
        {
            var (a, b) = (fixture.Log.OpenReplica(GroupOf("a")), fixture.Log.OpenReplica(GroupOf("b")));
            for (var i = 1; i <= 3; i++) await Task.WhenAll(a.AppendAsync([Entry(1, i)]), b.AppendAsync([Entry(2, i)]));
            await NothingRecentAsync(fixture);
            var segment = System.IO.Path.Combine(LogFixture.Path, SegmentHeader.FileName(1));
            _files.Alter(segment, bytes => { bytes[bytes.AsSpan().IndexOf("payload 1:2"u8)] ^= 1; return bytes; });
            Assert.Equal("payload 1:1", Text(a.Read(new LogIndex(1), 1, 1)[0]));
            var damage = Assert.Throws<LogDamagedException>(() => a.Read(new LogIndex(1), 9, 9999));
            Assert.Equal((GroupOf("a"), segment), (damage.Group, damage.File));
            Assert.Throws<LogDamagedException>(() => a.Read(new LogIndex(3), 1, 1));
            Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(GroupOf("a")));
            Assert.Equal([GroupOf("a")], fixture.Log.Quarantined.Select(found => found.Group!.Value));
            Assert.Equal(3, b.Read(new LogIndex(1), 9, 9999).Count);
            Assert.Same(b, fixture.Log.OpenReplica(GroupOf("b")));
            await b.AppendAsync([Entry(2, 4)]);
        }

        await using (var again = Open(_files, NothingInMemory))
        {
            Assert.Throws<LogDamagedException>(() => again.Log.OpenReplica(GroupOf("a")));
            Assert.Equal(At(2, 4), again.Log.OpenReplica(GroupOf("b")).Last);
            await again.Log.DropReplicaAsync(GroupOf("a"));
            Assert.Equal(LogPosition.None, again.Log.OpenReplica(GroupOf("a")).Last);
        }
    }

    [Fact]
    public async Task TornTail_CopiedToANewSegment_IsReadFromThere()
    {
        await using (var fixture = Open(_files, NothingInMemory))
            await Task.WhenAll(fixture.Log.OpenReplica(GroupOf("a")).AppendAsync(Entries(1, 1, 5)), fixture.Log.OpenReplica(GroupOf("b")).SaveOneAsync());
        var segment = System.IO.Path.Combine(LogFixture.Path, SegmentHeader.FileName(1));
        _files.Alter(segment, bytes => // the last batch is unconfirmed, and its end is missing
        {
            var end = bytes.AsSpan().LastIndexOfAnyExcept((byte)0);
            bytes.AsSpan(bytes.AsSpan().IndexOf("payload 1:5"u8), end).Clear();
            return bytes;
        });
        string found;
        await using (var fixture = Open(_files, NothingInMemory))
        {
            _files.Delete(segment); // so it is not read from here
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            Assert.True(log.HadTornTail);
            Assert.Equal([1, 2, 3, 4], log.Read(new LogIndex(1), 9, 9999).Select(e => e.Index.Value));
            found = Describe(log);
        }

        Assert.Contains("payload 1:4", found);
    }

    [Fact]
    public async Task Append_AllocatesNothingOfItsOwn()
    {
        await using var fixture = Open(_files, new WriteAheadLogOptions());
        var log = fixture.Log.OpenReplica(GroupOf("a"));
        const int rounds = 20, perRound = 2_000;
        var entries = Enumerable.Range(1, rounds * perRound).Select(i => (IReadOnlyList<LogEntry>)[Entry(1, i, "")]).ToArray();
        var allocated = 0L;
        for (var round = 0; round < rounds; round++)
        {
            Task last = Task.CompletedTask;
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = round * perRound; i < (round + 1) * perRound; i++)
            {
                last = log.AppendAsync(entries[i]);
                _ = log.DurableIndex;
            }

            if (round >= rounds / 2) allocated += GC.GetAllocatedBytesForCurrentThread() - before; // by then buffers and queues have grown
            await last;
        }

        // Buffers and queues still grow by doubling, now and then; nothing is made for an append.
        var each = allocated / (double)(rounds / 2 * perRound);
        TestContext.Current.TestOutputHelper?.WriteLine($"{each:F1} bytes for an append");
        Assert.InRange(each, 0, 100);
    }

    private static string Text(LogEntry entry) => System.Text.Encoding.UTF8.GetString(entry.Payload);

    private static async Task NothingRecentAsync(LogFixture fixture)
    {
        while (fixture.Log.RecentBytes > 0) await Task.Yield(); // evicted right after the waiters were told
    }

    private static async Task GrowAsync(LogFixture fixture, int segments)
    {
        var log = fixture.Log.OpenReplica(GroupOf("growing"));
        for (var target = fixture.Log.Segments + segments; fixture.Log.Segments < target;) await log.AppendAsync([Entry(1, log.Last.Index.Value + 1)]);
    }
}

internal static class EvictedEntriesSteps
{
    public static async Task SaveOneAsync(this IReplicaLog log)
    {
        await log.AppendAsync(Entries(1, 1, 1));
        await log.AppendAsync(Entries(1, 2, 1));
    }
}
