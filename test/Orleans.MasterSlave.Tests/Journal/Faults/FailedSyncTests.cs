using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal.Faults;

/// <summary>
/// A sync that fails once and succeeds the next time, as on Linux: the pages of the failed one count as clean, the cache goes on showing
/// them, and no later sync writes them (D2).
/// </summary>
public sealed class FailedSyncTests
{
    private const int Groups = 2;

    [Fact]
    public async Task Append_WhoseSyncFailed_IsNotConfirmedByAGoodSyncAfterIt()
    {
        var disk = new SimulatedFiles();
        var failOnce = false;
        await using (var fixture = Open(new FaultyFiles(disk, (name, path) =>
        {
            if (name != "Sync" || !failOnce) return;
            failOnce = false;
            disk.FailSync(path);
            throw new IOException("errno 5");
        })))
        {
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            await log.AppendAsync(Entries(1, 1, 2));
            failOnce = true;
            await Assert.ThrowsAsync<LogFailedException>(() => log.AppendAsync(Entries(1, 3, 1)));
            await Assert.ThrowsAsync<LogFailedException>(() => log.AppendAsync(Entries(1, log.Last.Index.Value + 1, 1)));
            Assert.Equal(new LogIndex(2), log.DurableIndex);
        }

        await using var again = Open(disk.Crash(new Random(1)));
        Assert.Equal(At(1, 2), again.Log.OpenReplica(GroupOf("a")).Last);
    }

    /// <summary>Whichever sync of whatever file it is, and whether the process or the machine goes down after it.</summary>
    [Fact]
    public async Task AnySync_ThatFailsOnce_EndsTheLog_AndTakesNothingThatWasConfirmed()
    {
        var ended = 0;
        for (var seed = 0; seed < 250; seed++) ended += await new Life(seed).RunAsync() ? 1 : 0;
        Assert.InRange(ended, 100, 250); // in the others the sync failed while the log was opened, or never
    }

    private sealed class Life(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly GroupModel[] _models = [.. Enumerable.Range(0, Groups).Select(_ => new GroupModel())];
        private readonly SimulatedFiles _disk = new();

        /// <summary>True: the log had failed.</summary>
        public async Task<bool> RunAsync()
        {
            var syncs = _random.Next(1, 40);
            var failed = false;
            var files = new FaultyFiles(_disk, (name, path) =>
            {
                if (name is not ("Sync" or "SyncDirectory") || Interlocked.Decrement(ref syncs) != 0) return;
                failed = true;
                if (name == "Sync") _disk.FailSync(path);
                throw new IOException("errno 5");
            });
            var hasFailed = await LiveAsync(files, () => Volatile.Read(ref failed));
            foreach (var model in _models) model.Crash();

            // The process starts again over the same cache, perhaps; then the power fails.
            if (_random.Next(2) == 0) await CheckAsync(_disk);
            for (var i = 0; i < 4; i++) await CheckAsync(_disk.Crash(_random));
            return hasFailed;
        }

        private async Task<bool> LiveAsync(ILogFiles files, Func<bool> failed)
        {
            LogFixture fixture;
            try
            {
                fixture = Open(files);
            }
            catch (Exception ex) when (ex is LogDirectoryAccessException || ex.GetType() == typeof(IOException))
            {
                return false;
            }

            await using (fixture)
            {
                var logs = Enumerable.Range(0, Groups).Select(i => fixture.Log.OpenReplica(GroupOf($"g{i}"))).ToArray();
                try
                {
                    for (var step = 0; step < 150 && !failed(); step++)
                    {
                        var i = _random.Next(Groups);
                        await _models[i].StepAsync(logs[i], _random);
                        if (_random.Next(15) == 0) await fixture.Log.CleanAsync(2);
                    }
                }
                catch (IOException)
                {
                    // As it should be; of a rewriting the error itself.
                }

                if (!failed()) return false;
                await fixture.Log.Failed.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
                foreach (var log in logs) await Assert.ThrowsAsync<LogFailedException>(() => log.AppendAsync([Entry(log.Last.Epoch.Value + 1, log.Last.Index.Value + 1)]));
                return true;
            }
        }

        private async Task CheckAsync(SimulatedFiles files)
        {
            await using var fixture = Open(files);
            for (var i = 0; i < Groups; i++) _models[i].Check(fixture.Log.OpenReplica(GroupOf($"g{i}")), seed);
        }
    }
}
