using Orleans.Providers;

namespace Orleans.MasterSlave.MovingTests;

/// <summary>Version 1.</summary>
[GrainType("moving.account"), StorageProvider(ProviderName = MovingCluster.OldStorage)]
public sealed class PlainAccount : Grain<Bookings>, IAccount
{
    public async Task<int> Book(Guid id)
    {
        var count = State.Book(id);
        await WriteStateAsync();
        return count;
    }

    public Task<Guid[]> GetBookings() => Task.FromResult(State.Ids.ToArray());
}

/// <summary>Version 2: the same grain, which passes calls on once it is closed.</summary>
[GrainType("moving.account"), StorageProvider(ProviderName = MovingCluster.OldStorage)]
public sealed class MovingAccount : Grain<Bookings>, IMovingAccount
{
    private IReplicatedAccount Replicated => GrainFactory.GetGrain<IReplicatedAccount>(this.GetPrimaryKeyString());

    public async Task<int> Book(Guid id)
    {
        if (State.Closed) return await Replicated.Book(id);
        var count = State.Book(id);
        await WriteStateAsync();
        return count;
    }

    public async Task<Guid[]> GetBookings() => State.Closed ? await Replicated.GetBookings() : [.. State.Ids];

    public async Task<Bookings> Close()
    {
        if (!State.Closed)
        {
            State.Closed = true;
            await WriteStateAsync();
        }

        return State;
    }

    public Task<Bookings?> GetClosed() => Task.FromResult(State.Closed ? State : null);

    public async Task MoveBack()
    {
        if (!State.Closed) return;
        State = new Bookings { Ids = (await Replicated.Retire()).Ids };
        await WriteStateAsync();
    }
}

/// <summary>Version 2: nobody calls it before version 3, or before its plain twin is closed.</summary>
[GrainType("moving.replicated-account"), Replicated(Replicas = 2)]
public sealed class ReplicatedAccount : ReplicatedGrain<Bookings>, IReplicatedAccount
{
    public Task<int> Book(Guid id)
    {
        if (State.Closed) throw new InvalidOperationException("This account was moved back: call IAccount.");
        return Task.FromResult(State.Book(id));
    }

    public Task<Bookings> Retire()
    {
        State.Closed = true;
        return Task.FromResult(State);
    }

    public Task<Guid[]> GetBookings() => Task.FromResult(State.Ids.ToArray());

    protected override async Task<Bookings?> ImportFirstStateAsync(CancellationToken cancelled)
    {
        var plain = GrainFactory.GetGrain<IMovingAccount>(this.GetPrimaryKeyString());
        var old = await plain.GetClosed() ?? await plain.Close();
        return new Bookings { Ids = old.Ids };
    }
}
