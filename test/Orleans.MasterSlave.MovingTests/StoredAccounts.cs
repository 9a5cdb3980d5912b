using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Storage;

namespace Orleans.MasterSlave.MovingTests;

[Alias("moving.IPersistedAccount")]
public interface IPersistedAccount : IGrainWithStringKey
{
    [Alias("book")]
    Task Book(Guid id);
}

/// <summary>A plain grain that keeps its state by <c>IPersistentState</c>.</summary>
[GrainType("moving.persisted-account")]
public sealed class PersistedAccount([PersistentState("account", MovingCluster.OldStorage)] IPersistentState<Bookings> state) : Grain, IPersistedAccount
{
    public Task Book(Guid id)
    {
        state.State.Book(id);
        return state.WriteStateAsync();
    }
}

[Alias("moving.IStoredAccount")]
public interface IStoredAccount : IGrainWithStringKey
{
    [Alias("bookings"), ReadOnly]
    Task<Guid[]> GetBookings();
}

/// <summary>Reads by itself what plain grains have stored that nobody calls any more.</summary>
[GrainType("moving.stored-account"), Replicated(Replicas = 2)]
public sealed class StoredAccount([FromKeyedServices(MovingCluster.OldStorage)] IGrainStorage storage) : ReplicatedGrain<Bookings>, IStoredAccount
{
    public Task<Guid[]> GetBookings() => Task.FromResult(State.Ids.ToArray());

    protected override async Task<Bookings?> ImportFirstStateAsync(CancellationToken cancelled) =>
        await ReadAsync("state", "moving.account") ?? await ReadAsync("account", "moving.persisted-account");

    private async Task<Bookings?> ReadAsync(string name, string grainType)
    {
        var old = new GrainState<Bookings>(new Bookings());
        await storage.ReadStateAsync(name, GrainId.Create(grainType, this.GetPrimaryKeyString()), old);
        return old.RecordExists ? old.State : null;
    }
}
