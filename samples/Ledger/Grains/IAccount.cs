using Orleans.Concurrency;

namespace Ledger.Grains;

/// <summary>An account, with all its bookings.</summary>
[Alias("ledger.IAccount")]
public interface IAccount : IGrainWithStringKey
{
    [Alias("book")]
    Task<Booking> Book(Guid id, decimal amount);

#if FEES
    /// <summary>From here on bookings cost a fee. To be called when no silo runs version 1 any more.</summary>
    [Alias("begin-fees")]
    Task BeginFees();
#endif

    [Alias("bookings"), ReadOnly]
    Task<Booking[]> GetBookings();
}

[GenerateSerializer, Immutable, Alias("ledger.booking")]
public sealed record Booking(Guid Id, decimal Amount)
{
#if FEES
    /// <summary>Version 2 has it: absent in what version 1 wrote, and then 0.</summary>
    [Id(2)]
    public decimal Fee { get; init; }
#endif
}
