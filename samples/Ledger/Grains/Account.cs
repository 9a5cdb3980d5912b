using Orleans.MasterSlave;

namespace Ledger.Grains;

[GenerateSerializer, Alias("ledger.account-state")]
public sealed class AccountState
{
    [Id(0)]
    public List<Booking> Bookings { get; set; } = [];

#if FEES
    [Id(1)]
    public bool TakesFees { get; set; }
#endif
}

[GrainType("ledger.account"), Replicated(Replicas = 2)]
public sealed class Account : ReplicatedGrain<AccountState>, IAccount
{
    public Task<Booking> Book(Guid id, decimal amount)
    {
        var booking = new Booking(id, amount);
#if FEES
        // What an operation that is in the log already does must stay as it was: silos of both versions apply it side by side, and again after a
        // restart. So the new rule begins where an operation of its own, in the log too, says so.
        if (State.TakesFees) booking = booking with { Fee = amount / 100 };
#endif
        State.Bookings.Add(booking);
        return Task.FromResult(booking);
    }

#if FEES
    public Task BeginFees()
    {
        State.TakesFees = true;
        return Task.CompletedTask;
    }
#endif

    public Task<Booking[]> GetBookings() => Task.FromResult(State.Bookings.ToArray());
}
