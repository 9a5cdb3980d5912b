using Ledger.Grains;
using Microsoft.Extensions.DependencyInjection;
using Orleans.MasterSlave;

namespace Ledger.Client;

/// <summary>Reads every account from each of its replicas: each acknowledged booking is there once, with the fee of the rule under which it was made.</summary>
internal sealed class Audit(IReadOnlyList<IAccount> accounts, Journal journal, IServiceProvider services)
{
    public async Task<int> RunAsync()
    {
        var diagnostics = services.GetRequiredService<IReplicatedGrainDiagnostics>();
        var acknowledged = journal.Read().ToLookup(a => a.Account);
        var (faults, replicas) = (new List<string>(), 0);
        foreach (var account in accounts)
        {
            var key = account.GetPrimaryKeyString();
            foreach (var replica in await diagnostics.GetReplicasAsync(account))
            {
                replicas++;
                var bookings = await diagnostics.ReadFromAsync(replica.Silo!, account.GetBookings);
                var expected = acknowledged[key].Select(a => a.Id).ToHashSet();
                faults.AddRange(acknowledged[key].Select(a => FaultOf(a, bookings)).OfType<string>().Select(f => $"{key} on {replica.Silo}: {f}"));
                faults.AddRange(bookings.Where(b => !expected.Contains(b.Id)).Select(b => $"{key} on {replica.Silo}: {b} was never acknowledged"));
            }
        }

        foreach (var fault in faults.Take(20)) await Console.Error.WriteLineAsync(fault);
        Console.WriteLine($"accounts={accounts.Count} replicas={replicas} bookings={acknowledged.Sum(a => a.Count())} faults={faults.Count}");
        return faults.Count == 0 && replicas == 2 * accounts.Count ? 0 : 1;
    }

    private static string? FaultOf(Acknowledged booked, Booking[] bookings)
    {
        var found = bookings.Where(b => b.Id == booked.Id).ToList();
        if (found.Count != 1) return $"booking {booked.Id} is there {found.Count} times";
        if (found[0].Amount != booked.Amount) return $"booking {booked.Id} is of {found[0].Amount}, not of {booked.Amount}";
#if FEES
        var fee = booked.Version == 1 ? 0 : booked.Amount / 100;
        if (found[0].Fee != fee) return $"booking {booked.Id} of version {booked.Version} has a fee of {found[0].Fee}, not of {fee}";
#endif
        return null;
    }
}
