using System.Collections.Concurrent;

namespace Orleans.MasterSlave.ClusterTests.Replication;

[Alias("test.IMovedLedger")]
public interface IMovedLedger : ILedger;

/// <summary>A ledger that had its entries elsewhere before it was replicated.</summary>
[GrainType("test.moved-ledger"), Replicated(Replicas = 2)]
public sealed class MovedLedger(ILocalSiloDetails silo) : Ledger(silo), IMovedLedger
{
    protected override async Task<LedgerState?> ImportFirstStateAsync(CancellationToken cancelled)
    {
        switch (await OldBooks.ReadAsync(this.GetPrimaryKeyString()))
        {
            case null:
                State.Entries.Add("touched"); // which it must not, and some will
                return null;
            case [OldBooks.Unreadable]:
                return new UnreadableState();
            case var entries:
                return new LedgerState { Entries = [.. entries] };
        }
    }
}

/// <summary>It can be serialized, and not be read again.</summary>
[GenerateSerializer, Alias("test.unreadable-state")]
internal sealed class UnreadableState : LedgerState
{
    [Id(0)]
    public int Value { get => 1; set => throw new InvalidOperationException("it does not come back"); }
}

/// <summary>Where the entries were kept, and how often they were read.</summary>
internal static class OldBooks
{
    /// <summary>Makes the import give an <see cref="UnreadableState"/>.</summary>
    public const string Unreadable = "unreadable";

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
