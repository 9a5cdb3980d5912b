using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Node;

/// <summary>A replica of a silo that stops, as <see cref="StopSnapshots"/> sees it. From any thread.</summary>
internal interface IStoppingReplica
{
    GroupId Group { get; }

    /// <summary>When the last entry was made, if there is something to save that may be saved; else null.</summary>
    Task<DateTime?> UnsavedSinceAsync();

    /// <summary>Completes when a snapshot is on disk.</summary>
    Task SnapshotAsync();
}

/// <summary>
/// The snapshots of a silo that stops: of each group with operations since its last one, so that the next start, maybe of another version of the application, does not
/// replay what this one accepted. The quietest first: the busy ones come to a snapshot soon by themselves.
/// </summary>
internal sealed partial class StopSnapshots(TimeSpan limit, TimeProvider time, ILogger logger)
{
    private const int AtOnce = 32;

    /// <summary>Completes when all are on disk, or the time is over; never fails.</summary>
    public async Task TakeAsync(IReadOnlyList<IStoppingReplica> replicas, CancellationToken cancelled)
    {
        if (limit <= TimeSpan.Zero || replicas.Count == 0) return;
        using var over = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancelled);
        var (quietestFirst, silent) = await FindAsync(replicas, either.Token);
        var (taken, failed) = (0, 0);
        Exception? error = null;
        try
        {
            await Parallel.ForEachAsync(quietestFirst, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = either.Token }, async (replica, ct) =>
            {
                try
                {
                    await replica.SnapshotAsync().WaitAsync(ct);
                    Interlocked.Increment(ref taken);
                }
                catch (Exception e) when (!ct.IsCancellationRequested)
                {
                    Interlocked.Increment(ref failed);
                    error = e;
                }
            });
        }
        catch (OperationCanceledException)
        {
            // The time is over: what is left is replayed.
        }

        var left = quietestFirst.Count - taken + silent;
        if (left > 0) LogLeft(error, taken, left, failed, limit);
        else if (taken > 0) LogTaken(taken);
    }

    private static async Task<(IReadOnlyList<IStoppingReplica> QuietestFirst, int Silent)> FindAsync(IReadOnlyList<IStoppingReplica> replicas, CancellationToken cancelled)
    {
        var asked = replicas.Select(replica => (Replica: replica, Since: replica.UnsavedSinceAsync())).ToList();
        Task all = Task.WhenAll(asked.Select(a => a.Since));
        await all.WaitAsync(cancelled).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var answered = asked.Where(a => a.Since.IsCompletedSuccessfully).ToList();
        return ([.. answered.Where(a => a.Since.Result is not null).OrderBy(a => a.Since.Result).Select(a => a.Replica)], asked.Count - answered.Count);
    }

    [LoggerMessage(LogLevel.Information, "The silo stops: {Count} groups took a snapshot.")]
    private partial void LogTaken(int count);

    [LoggerMessage(LogLevel.Warning, "The silo stops: {Count} groups took a snapshot, {Left} did not ({Failed} failed; the others had not the time, MasterSlaveOptions.StopSnapshotLimit is {Limit}). Their operations since the last one are replayed at the next start.")]
    private partial void LogLeft(Exception? error, int count, int left, int failed, TimeSpan limit);
}
