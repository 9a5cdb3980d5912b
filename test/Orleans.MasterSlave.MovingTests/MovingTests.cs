using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.MovingTests;

/// <summary>What docs/migrating.md says, step by step, while callers go on booking.</summary>
public sealed class MovingTests : IAsyncLifetime
{
    private const int Accounts = 8;
    private readonly CancellationTokenSource _done = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Guid>> _booked = new();
    private readonly ConcurrentQueue<Exception> _failures = new(); // of direct calls: those of plain grains may fail when their silo goes
    private MovingCluster _cluster = null!;
    private volatile bool _direct; // half of the callers call the replicated grain by itself

    private static IEnumerable<string> Keys => Enumerable.Range(0, Accounts).Select(i => $"account {i}");

    public async ValueTask InitializeAsync() => _cluster = await MovingCluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task PlainGrain_IsMovedUnderLoad_SurvivesAKilledSilo_AndIsMovedBack()
    {
        var callers = Keys.SelectMany(key => new[] { CallAsync(key, mayBeDirect: false), CallAsync(key, mayBeDirect: true) }).ToList();
        await SomeMoreAsync();
        await _cluster.UpgradeAsync(); // to version 2: everything is there, and nothing is moved yet
        await SomeMoreAsync();

        await Eventually.TrueAsync(() => Task.FromResult(_cluster.Client.GetGrain<IReplicatedAccount>("any") is not null), "the client knows the new grain type");
        _direct = true; // version 3 of the callers: their first call moves an account
        await SomeMoreAsync();
        await Task.WhenAll(Keys.Select(InSyncAsync));
        await _cluster.KillAsync(0);
        await SomeMoreAsync();

        _direct = false; // back: first the callers, then each account
        await SomeMoreAsync();
        foreach (var key in Keys) await AgainAsync(() => Do(_cluster.Client.GetGrain<IMovingAccount>(key).MoveBack()));
        await SomeMoreAsync();
        await _done.CancelAsync();
        await Task.WhenAll(callers);

        Assert.Empty(_failures);
        foreach (var key in Keys)
        {
            var bookings = await _cluster.Client.GetGrain<IAccount>(key).GetBookings();
            Assert.Empty(_booked[key].Except(bookings));
            Assert.Equal(bookings.Length, bookings.Distinct().Count());
            var replicated = _cluster.Client.GetGrain<IReplicatedAccount>(key);
            await Assert.ThrowsAsync<InvalidOperationException>(() => replicated.Book(Guid.NewGuid()));
            Assert.NotEmpty(await replicated.GetBookings());
        }
    }

    /// <summary>The last step: nobody runs the plain classes any more, and what they stored is read under the names that Orleans gave it.</summary>
    [Fact]
    public async Task State_OfAPlainGrain_IsReadFromItsStorage_HoweverItWasKept()
    {
        var (byGrain, byPersistentState) = (Guid.NewGuid(), Guid.NewGuid());
        await _cluster.Client.GetGrain<IAccount>("by Grain").Book(byGrain);
        await _cluster.Client.GetGrain<IPersistedAccount>("by IPersistentState").Book(byPersistentState);

        Assert.Equal([byGrain], await _cluster.Client.GetGrain<IStoredAccount>("by Grain").GetBookings());
        Assert.Equal([byPersistentState], await _cluster.Client.GetGrain<IStoredAccount>("by IPersistentState").GetBookings());
        Assert.Empty(await _cluster.Client.GetGrain<IStoredAccount>("new").GetBookings());
    }

    private static async Task<bool> Do(Task work)
    {
        await work;
        return true;
    }

    private async Task CallAsync(string key, bool mayBeDirect)
    {
        var plain = _cluster.Client.GetGrain<IAccount>(key);
        while (!_done.IsCancellationRequested)
        {
            var id = Guid.NewGuid();
            if (mayBeDirect && _direct) await DirectlyAsync(() => _cluster.Client.GetGrain<IReplicatedAccount>(key).Book(id));
            else await AgainAsync(() => plain.Book(id));
            _booked.GetOrAdd(key, _ => new ConcurrentQueue<Guid>()).Enqueue(id);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private async Task DirectlyAsync(Func<Task<int>> call)
    {
        try
        {
            await call();
        }
        catch (Exception e)
        {
            _failures.Enqueue(e);
        }
    }

    /// <summary>A plain grain is gone for a while when its silo is.</summary>
    private static Task AgainAsync<T>(Func<Task<T>> call) => Eventually.TrueAsync(
        async () =>
        {
            await call();
            return true;
        },
        "a call of a plain grain that succeeds");

    /// <summary>Until every account has a few more bookings.</summary>
    private async Task SomeMoreAsync()
    {
        var before = Keys.ToDictionary(k => k, CountOf);
        await Eventually.TrueAsync(() => Task.FromResult(Keys.All(k => CountOf(k) >= before[k] + 6)), "bookings go on");
    }

    private int CountOf(string key) => _booked.TryGetValue(key, out var ids) ? ids.Count : 0;

    private Task InSyncAsync(string key) => Eventually.TrueAsync(
        async () => (await _cluster.Client.ServiceProvider.GetRequiredService<IReplicatedGrainDiagnostics>()
            .GetReplicasAsync(_cluster.Client.GetGrain<IReplicatedAccount>(key))).Count(r => r.IsInSync) == 2,
        $"{key} has two replicas in sync");
}
