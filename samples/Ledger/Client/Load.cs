using System.Diagnostics;
using Ledger.Grains;

namespace Ledger.Client;

/// <summary>Books on all accounts at once, one booking after the other on each, and reads now and then, until it is told to stop.</summary>
internal sealed class Load(IReadOnlyList<IAccount> accounts, Journal journal)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private int _calls;
    private int _failed;
    private long _slowest;

    public async Task<int> RunAsync()
    {
        await Task.WhenAll(accounts.Select(UseAsync));
        Console.WriteLine($"version={Journal.Version} calls={_calls} failed={_failed} slowest_ms={_slowest}");
        return _failed == 0 && _calls > 0 ? 0 : 1;
    }

    private async Task UseAsync(IAccount account)
    {
        for (var i = 1; !File.Exists(journal.StopFile); i++)
        {
            var (id, amount) = (Guid.NewGuid(), 100m * i);
            if (await TryAsync(() => account.Book(id, amount)) is not null) journal.Add(account.GetPrimaryKeyString(), id, amount);
            if (i % 4 == 0) await TryAsync(() => ReadOwnAsync(account, id));
            await Task.Delay(Pause);
        }
    }

    /// <summary>A client sees what it has booked, whichever replica answers.</summary>
    private static async Task<Booking> ReadOwnAsync(IAccount account, Guid id) =>
        (await account.GetBookings()).SingleOrDefault(b => b.Id == id)
            ?? throw new InvalidOperationException($"{account.GetPrimaryKeyString()} does not show booking {id}, which it has acknowledged.");

    private async Task<Booking?> TryAsync(Func<Task<Booking>> call)
    {
        var began = Stopwatch.GetTimestamp();
        Interlocked.Increment(ref _calls);
        try
        {
            return await call();
        }
        catch (Exception e)
        {
            Interlocked.Increment(ref _failed);
            await Console.Error.WriteLineAsync(e.ToString());
            return null;
        }
        finally
        {
            var took = (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            for (var most = Volatile.Read(ref _slowest); took > most;) most = Interlocked.CompareExchange(ref _slowest, took, most);
        }
    }
}
