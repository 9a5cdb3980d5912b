using System.Collections.Concurrent;
using Bank.Cluster;

namespace Bank.Audit;

/// <summary>Reads every account's books from each of its replicas.</summary>
internal sealed class BookReader(IReplicaWindow window)
{
    private const int AccountsAtOnce = 8;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentBag<string> _unread = [];

    /// <summary>Replicas that could not be read, and why.</summary>
    public IReadOnlyCollection<string> Unread => _unread;

    /// <param name="groups">Where the replicas are.</param>
    /// <param name="patience">A slave learns a little later than its master what is committed: how long to read again while replicas differ.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async Task<IReadOnlyList<ReplicaBooks>> ReadAllAsync(IReadOnlyCollection<GroupPicture> groups, TimeSpan patience, CancellationToken cancellation)
    {
        var end = DateTime.UtcNow + patience;
        var all = new ConcurrentBag<ReplicaBooks>();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AccountsAtOnce, CancellationToken = cancellation };
        await Parallel.ForEachAsync(groups, parallel, async (group, _) =>
        {
            foreach (var books in await ReadGroupAsync(group, end, cancellation)) all.Add(books);
        });
        return [.. all];
    }

    private async Task<IReadOnlyList<ReplicaBooks>> ReadGroupAsync(GroupPicture group, DateTime end, CancellationToken cancellation)
    {
        while (true)
        {
            var books = new List<ReplicaBooks>();
            var failures = new List<string>();
            foreach (var replica in group.Replicas)
            {
                try
                {
                    var silo = replica.Silo ?? throw new RunGapException("its node is not known to run");
                    books.Add(new ReplicaBooks(group.Account, silo, await window.ReadStatementAsync(group.Account, silo)));
                }
                catch (Exception error)
                {
                    failures.Add($"account {group.Account} on {replica.Silo ?? "an unknown silo"}: {error.GetType().Name}: {error.Message}");
                }
            }
            if (failures.Count == 0 && books.TrueForAll(other => other.HasSameBooksAs(books[0])) || DateTime.UtcNow > end)
            {
                failures.ForEach(_unread.Add);
                return books;
            }
            await Task.Delay(Pause, cancellation);
        }
    }

    private sealed class RunGapException(string message) : Exception(message);
}
