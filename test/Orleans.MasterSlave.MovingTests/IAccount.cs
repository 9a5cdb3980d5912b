using Orleans.Concurrency;

namespace Orleans.MasterSlave.MovingTests;

/// <summary>What callers have used since version 1. Booking an id twice is booking it once: a plain call that failed may be made again.</summary>
[Alias("moving.IAccount")]
public interface IAccount : IGrainWithStringKey
{
    [Alias("book")]
    Task<int> Book(Guid id);

    [Alias("bookings")]
    Task<Guid[]> GetBookings();
}

/// <summary>The plain grain of version 2: it can be closed for good, and opened again.</summary>
[Alias("moving.IMovingAccount")]
public interface IMovingAccount : IAccount
{
    /// <summary>Ends the plain grain's time, durably. From then on it passes calls on.</summary>
    [Alias("close")]
    Task<Bookings> Close();

    /// <summary>What <see cref="Close"/> gave; null: it is not closed. Interleaves: a call that is being passed on may be waiting for it.</summary>
    [Alias("closed"), AlwaysInterleave]
    Task<Bookings?> GetClosed();

    /// <summary>Back: takes the state of the replicated grain, and serves by itself again.</summary>
    [Alias("move-back")]
    Task MoveBack();
}

[Alias("moving.IReplicatedAccount")]
public interface IReplicatedAccount : IGrainWithStringKey
{
    [Alias("book")]
    Task<int> Book(Guid id);

    /// <summary>Ends the replicated grain's time: it books no more.</summary>
    [Alias("retire")]
    Task<Bookings> Retire();

    [Alias("bookings"), ReadOnly]
    Task<Guid[]> GetBookings();
}

/// <summary>The state, plain and replicated.</summary>
[GenerateSerializer, Alias("moving.bookings")]
public sealed class Bookings
{
    [Id(0)]
    public List<Guid> Ids { get; set; } = [];

    /// <summary>Version 2: others serve from here on.</summary>
    [Id(1)]
    public bool Closed { get; set; }

    public int Book(Guid id)
    {
        if (!Ids.Contains(id)) Ids.Add(id);
        return Ids.Count;
    }
}
