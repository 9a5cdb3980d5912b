using Orleans.Runtime;

namespace Orleans.MasterSlave.ClusterTests.Storage;

/// <summary>A plain grain whose state goes to the storage under test at every call.</summary>
[Alias("test.ICounterGrain")]
public interface ICounterGrain : IGrainWithStringKey
{
    [Alias("add")]
    Task<int> Add(int amount);

    [Alias("get")]
    Task<int> Get();

    [Alias("where")]
    Task<SiloAddress> Where();
}

[GenerateSerializer, Alias("test.Counter")]
public sealed class Counter
{
    [Id(0)]
    public int Value { get; set; }
}

[GrainType("test.counter")]
public sealed class CounterGrain(
    [PersistentState("counter", CounterGrain.StorageName)] IPersistentState<Counter> state, ILocalSiloDetails silo) : Grain, ICounterGrain
{
    public const string StorageName = "under-test";

    public async Task<int> Add(int amount)
    {
        state.State.Value += amount;
        await state.WriteStateAsync();
        return state.State.Value;
    }

    public Task<int> Get() => Task.FromResult(state.State.Value);

    public Task<SiloAddress> Where() => Task.FromResult(silo.SiloAddress);
}
