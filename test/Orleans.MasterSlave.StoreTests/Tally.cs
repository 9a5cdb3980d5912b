using Orleans.Concurrency;

namespace Orleans.MasterSlave.StoreTests;

[Alias("store-tests.ITally")]
public interface ITally : IGrainWithStringKey
{
    [Alias("add")]
    Task<int> Add(int amount);

    [Alias("sum"), ReadOnly]
    Task<int> Sum();
}

[GenerateSerializer, Alias("store-tests.tally")]
public sealed class TallyState
{
    [Id(0)]
    public int Sum { get; set; }
}

[GrainType("store-tests.tally"), Replicated(Replicas = 2)]
public sealed class Tally : ReplicatedGrain<TallyState>, ITally
{
    public Task<int> Add(int amount) => Task.FromResult(State.Sum += amount);

    public Task<int> Sum() => Task.FromResult(State.Sum);
}
