using System.Collections.Concurrent;
using System.Diagnostics;
using Bank.Screen;

namespace Bank.Cluster;

/// <summary>Looks at all groups again and again, for the screen, and tells what changed.</summary>
internal sealed class ClusterMonitor(IReplicaWindow window, IReadOnlyList<string> accounts, int wantedInSync, RunEvents events)
{
    private const int LooksAtOnce = 16;
    private const int HurriedLooksAtOnce = 64;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500), LongestPause = TimeSpan.FromSeconds(2);

    /// <summary>Looking takes no more than this part of the time, unless it is slow by itself: the cluster is there for the transfers.</summary>
    private const int LookingShare = 4;

    private readonly ConcurrentDictionary<string, GroupPicture> _groups = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private bool _wasInSync = true; // by whoever holds the semaphore

    /// <summary>What was seen last of each group.</summary>
    public IReadOnlyCollection<GroupPicture> Groups => (IReadOnlyCollection<GroupPicture>)_groups.Values;

    public int InSync => _groups.Values.Count(group => group.InSync >= wantedInSync);
    public int Total => accounts.Count;

    /// <summary>One group that was not in sync, or could not be seen, at the last look; null when there was none.</summary>
    public string? Short { get; private set; }

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            await RefreshAsync(cancellation);
            var pause = Stopwatch.GetElapsedTime(start) * (LookingShare - 1);
            pause = pause < Pause ? Pause : pause > LongestPause ? LongestPause : pause;
            await Task.Delay(pause, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Which silo masters each group at this moment, as fast as it can be learnt.</summary>
    public async Task<ILookup<string?, string>> MastersAsync(CancellationToken cancellation)
    {
        var pictures = new ConcurrentBag<GroupPicture>();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = HurriedLooksAtOnce, CancellationToken = cancellation };
        await Parallel.ForEachAsync(accounts, parallel, async (account, _) => pictures.Add(await window.LookAsync(account, withLag: false)));
        return pictures.ToLookup(group => group.Master, group => group.Account);
    }

    /// <summary>Looks at every group once.</summary>
    /// <returns>How many could not be seen; what was seen of those before is kept.</returns>
    public async Task<int> RefreshAsync(CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            var before = _groups.ToDictionary(StringComparer.Ordinal);
            var unseen = new ConcurrentQueue<string>();
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = LooksAtOnce, CancellationToken = cancellation };
            await Parallel.ForEachAsync(accounts, parallel, async (account, _) =>
            {
                try
                {
                    _groups[account] = await window.LookAsync(account, withLag: true);
                }
                catch (Exception error)
                {
                    // During a fault this is to be expected; whether the group is back in the end is asked there.
                    unseen.Enqueue($"account {account} could not be looked at: {error.GetType().Name}: {error.Message}");
                }
            });
            Report(before);
            Short = unseen.FirstOrDefault() ?? _groups.Values.FirstOrDefault(group => group.InSync < wantedInSync)?.ToString();
            return unseen.Count;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Waits until every group has all its replicas in sync.</summary>
    /// <returns>False when the limit was over first.</returns>
    public async Task<bool> WaitUntilInSyncAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var end = DateTime.UtcNow + limit;
        while (true)
        {
            var unseen = await RefreshAsync(cancellation);
            if (unseen == 0 && InSync == accounts.Count) return true;
            if (DateTime.UtcNow > end) return false;
            await Task.Delay(Pause, cancellation);
        }
    }

    private void Report(Dictionary<string, GroupPicture> before)
    {
        var moves = _groups.Values
            .Where(now => now.Master is not null && before.TryGetValue(now.Account, out var then) && then.Master is not null && then.Master != now.Master)
            .GroupBy(now => (From: before[now.Account].Master, To: now.Master))
            .OrderBy(move => move.Key.From).ThenBy(move => move.Key.To);
        foreach (var move in moves) events.Add($"{move.Key.To} promoted to master of {move.Count()} groups of {move.Key.From}");

        if (before.Count < accounts.Count) return; // not all are open yet
        var isInSync = InSync == accounts.Count;
        if (_wasInSync && !isInSync) events.Add($"{accounts.Count - InSync} groups short of an in-sync replica");
        if (!_wasInSync && isInSync) events.Add($"caught up: all {accounts.Count} groups have {wantedInSync} replicas in sync again");
        _wasInSync = isInSync;
    }
}
