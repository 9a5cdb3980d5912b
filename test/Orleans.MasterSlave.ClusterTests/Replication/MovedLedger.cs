using System.Collections.Concurrent;

namespace Orleans.MasterSlave.ClusterTests.Replication;

[Alias("test.IMovedLedger")]
public interface IMovedLedger : ILedger;

/// <summary>A ledger that had its entries elsewhere before it was replicated.</summary>
[GrainType("test.moved-ledger"), Replicated(Replicas = 2)]
public sealed class MovedLedger(ILocalSiloDetails silo) : Ledger(silo), IMovedLedger
{
    protected override async Task<LedgerState?> ImportFirstStateAsync(CancellationToken cancelled) =>
        await OldBooks.ReadAsync(this.GetPrimaryKeyString()) is { } entries ? new LedgerState { Entries = [.. entries] } : null;
}

/// <summary>Where the entries were kept, and how often they were read.</summary>
internal static class OldBooks
{
    private static readonly ConcurrentDictionary<string, Func<string[]?>> _books = new();
    private static readonly ConcurrentDictionary<string, int> _reads = new();

    public static void Put(string key, Func<string[]?> read) => _books[key] = read;

    public static int ReadsOf(string key) => _reads.GetValueOrDefault(key);

    public static async Task<string[]?> ReadAsync(string key)
    {
        _reads.AddOrUpdate(key, 1, (_, n) => n + 1);
        await Task.Yield();
        return _books.TryGetValue(key, out var read) ? read() : null;
    }
}
