using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

public sealed class LogFaultTests
{
    private readonly SimulatedFiles _disk = new();

    [Theory]
    [InlineData("Write")]
    [InlineData("Sync")]
    public async Task FailedWriteOrSync_FailsTheLogForGood(string operation)
    {
        var broken = false;
        var files = new FaultyFiles(_disk, (name, path) =>
        {
            if (broken && name == operation && path.EndsWith(".segment", StringComparison.Ordinal)) throw new IOException("errno 5");
        });
        await using (var fixture = Open(files))
        {
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            await log.AppendAsync(Entries(1, 1, 2));
            broken = true;
            var error = await Assert.ThrowsAsync<LogFailedException>(() => log.AppendAsync(Entries(1, 3, 1)));
            Assert.Contains("errno 5", error.Message);
            broken = false;
            await Assert.ThrowsAsync<LogFailedException>(() => log.AppendAsync(Entries(1, log.Last.Index.Value + 1, 1)));
            await Assert.ThrowsAsync<LogFailedException>(() => log.AppendAsync([]));
            await Assert.ThrowsAsync<LogFailedException>(() => log.PromiseAsync(new Epoch(9)));
            await Assert.ThrowsAsync<LogFailedException>(() => log.CutFromAsync(new LogIndex(2)));
            await Assert.ThrowsAsync<LogFailedException>(() => log.SaveSnapshotAsync(Snapshot(At(1, 1), 5000), new LogIndex(1)));
            await Assert.ThrowsAsync<LogFailedException>(() => log.SaveOrphansAsync(Entries(1, 1, 1), At(0, 0)));
            await Assert.ThrowsAsync<LogFailedException>(() => fixture.Log.OpenReplica(GroupOf("b")).AppendAsync(Entries(1, 1, 1)));
            Assert.True(fixture.Log.Failed.IsCompletedSuccessfully);
            Assert.Equal(new LogIndex(2), log.DurableIndex);
            Assert.Equal(Epoch.None, log.PromisedEpoch);
        }

        await using var again = Open(_disk);
        Assert.InRange(again.Log.OpenReplica(GroupOf("a")).Last.Index.Value, 2, 3);
    }

    [Fact]
    public async Task AfterAFailedSync_WhatThePageCacheHeld_IsWrittenAnewBeforeItCounts()
    {
        var broken = false;
        var files = new FaultyFiles(_disk, (name, _) =>
        {
            if (broken && name == "Sync") throw new IOException("errno 5");
        });
        await using (var fixture = Open(files))
        {
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            await log.AppendAsync(Entries(1, 1, 2));
            broken = true;
            await Assert.ThrowsAsync<LogFailedException>(() => log.AppendAsync(Entries(1, 3, 1)));
            broken = false;
        }

        // The process starts again; the cache still shows entry 3, the disk never got it.
        var second = Open(_disk);
        Assert.Equal(At(1, 3), second.Log.OpenReplica(GroupOf("a")).Last);
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            await using var third = Open(_disk.Crash(random));
            Assert.Equal(At(1, 3), third.Log.OpenReplica(GroupOf("a")).Last);
        }

        await second.DisposeAsync();
    }

    [Fact]
    public async Task FailedSnapshotFile_FailsTheLog()
    {
        var files = new FaultyFiles(_disk, (name, path) =>
        {
            if (name == "Sync" && path.EndsWith(".snapshot", StringComparison.Ordinal)) throw new IOException("errno 5");
        });
        await using var fixture = Open(files);
        var log = fixture.Log.OpenReplica(GroupOf("a"));
        await log.AppendAsync(Entries(1, 1, 3));
        await Assert.ThrowsAsync<LogFailedException>(() => log.SaveSnapshotAsync(Snapshot(At(1, 2), 5000), new LogIndex(2)));
        Assert.Null(log.Snapshot);
        await Assert.ThrowsAsync<LogFailedException>(() => log.AppendAsync([Entry(1, 4)]));
    }

    [Fact]
    public async Task FullDisk_RefusesAppends_LosesNothing_AndRecoversWhenThereIsRoom()
    {
        string before;
        await using (var fixture = Open(_disk))
        {
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            await log.AppendAsync(Entries(1, 1, 1));
            _disk.Capacity = 3 * WriteAheadLogOptions.MinSegmentBytes;
            LogFullException? full = null;
            while (full is null)
            {
                try
                {
                    await log.AppendAsync([Entry(1, log.Last.Index.Value + 1)]);
                }
                catch (LogFullException ex)
                {
                    full = ex;
                }
            }

            var last = log.Last;
            await Assert.ThrowsAsync<LogFullException>(() => log.AppendAsync([Entry(1, last.Index.Value + 1)]));
            Assert.Equal(last, log.Last);
            Assert.Equal(last.Index, log.DurableIndex);
            await log.PromiseAsync(new Epoch(5)); // small records still have room
            await Assert.ThrowsAsync<LogFullException>(() => log.SaveSnapshotAsync(Snapshot(last, 50_000), last.Index));
            Assert.Null(log.Snapshot);
            await log.SaveSnapshotAsync(Snapshot(last, 200), last.Index);
            before = Describe(log);
            while (fixture.Log.Segments > 1) await Task.Yield(); // what it let go, goes
            await using (var other = Open(_disk.Copy()))
                Assert.Equal(before, Describe(other.Log.OpenReplica(GroupOf("a"))));

            // The snapshot let go of old segments: there is room again, and the log finds that by itself.
            for (var tries = 0; log.Last == last; tries++)
            {
                Assert.True(tries < 2000, "still full");
                try
                {
                    await log.AppendAsync([Entry(1, last.Index.Value + 1)]);
                }
                catch (LogFullException)
                {
                    await Task.Delay(5, TestContext.Current.CancellationToken);
                }
            }

            before = Describe(log);
        }

        await using var again = Open(_disk);
        Assert.Equal(before, Describe(again.Log.OpenReplica(GroupOf("a"))));
    }

    [Theory]
    [InlineData(true, 100)]
    [InlineData(true, 5000)]
    [InlineData(false, 100)]
    [InlineData(false, 5000)]
    public async Task SnapshotInterruptedAtAnyStep_LeavesTheOldOrTheNew(bool install, int bytes)
    {
        var steps = new List<SimulatedFiles>();
        string before, after;
        var watch = false;
        var files = new FaultyFiles(_disk, (_, _) =>
        {
            if (!watch) return;
            lock (steps) steps.AddRange([_disk.Copy(), _disk.Crash(new Random(steps.Count)), _disk.Crash(new Random(-steps.Count - 1))]);
        });
        await using (var fixture = Open(files))
        {
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            await log.PromiseAsync(new Epoch(3));
            await log.AppendAsync(Entries(1, 1, 6));
            await log.SaveSnapshotAsync(Snapshot(At(1, 2), bytes), new LogIndex(2));
            before = Describe(log);
            watch = true;
            await (install ? log.InstallSnapshotAsync(Snapshot(At(2, 40), bytes)) : log.SaveSnapshotAsync(Snapshot(At(1, 5), bytes), new LogIndex(4)));
            after = Describe(log);
        }

        watch = false;
        var seen = new HashSet<string>();
        foreach (var left in steps)
        {
            await using var fixture = Open(left);
            var found = Describe(fixture.Log.OpenReplica(GroupOf("a")));
            Assert.True(found == before || found == after, found);
            seen.Add(found);
            Assert.InRange(left.All.Count(path => path.EndsWith(".snapshot", StringComparison.Ordinal)), 0, 1);
        }

        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public async Task RefusedDrop_LeavesTheGroupAsItWas()
    {
        var hold = new ManualResetEventSlim(true);
        var held = new TaskCompletionSource();
        var files = new FaultyFiles(_disk, (name, _) =>
        {
            if (name != "Sync" || hold.IsSet) return;
            held.TrySetResult();
            hold.Wait();
        });
        await using (var fixture = Open(files))
        {
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            await log.AppendAsync(Entries(1, 1, 3));
            var other = fixture.Log.OpenReplica(GroupOf("b"));
            hold.Reset();
            var syncing = other.AppendAsync([Entry(1, 1)]);
            try
            {
                await held.Task;
                Task? waiting = null;
                for (var epoch = 1; waiting is not { IsFaulted: true }; epoch++) waiting = other.PromiseAsync(new Epoch(epoch)); // as much as may wait for the disk
                await Assert.ThrowsAsync<LogFullException>(() => waiting);
                await Assert.ThrowsAsync<LogFullException>(() => fixture.Log.DropReplicaAsync(GroupOf("a")));
                Assert.Same(log, fixture.Log.OpenReplica(GroupOf("a")));
            }
            finally
            {
                hold.Set();
            }

            await syncing;
            await log.AppendAsync([Entry(1, 4)]);
        }

        await using var again = Open(_disk);
        Assert.Equal(At(1, 4), again.Log.OpenReplica(GroupOf("a")).Last);
    }
}
