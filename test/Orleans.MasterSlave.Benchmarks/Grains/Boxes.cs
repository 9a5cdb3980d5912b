using Orleans.Placement;

namespace Orleans.MasterSlave.Benchmarks.Grains;

/// <summary>Answers no operation that is not durable on two silos.</summary>
[GrainType("bench.replicated-box"), Replicated(ReplicationMode.Synchronous, Replicas = 2, MinInSyncReplicas = 2)]
public sealed class ReplicatedBox : ReplicatedGrain<BoxContent>, IReplicatedBox
{
    public Task<long> Put(byte[] content) => Task.FromResult(State.Put(content));

    public Task<long> Count() => Task.FromResult(State.Count);
}

[GrainType("bench.postgres-box")]
public sealed class PostgresBox([PersistentState("box", PostgresBox.Storage)] IPersistentState<BoxContent> box) : Grain, IPostgresBox
{
    public const string Storage = "Postgres";

    public async Task<long> Put(byte[] content)
    {
        var count = box.State.Put(content);
        await box.WriteStateAsync();
        return count;
    }

    public Task<long> Count() => Task.FromResult(box.State.Count);
}

[GrainType("bench.plain-box"), RandomPlacement]
public sealed class PlainBox(ILocalSiloDetails silo) : Grain, IPlainBox
{
    private readonly BoxContent _content = new();

    public Task<long> Put(byte[] content) => Task.FromResult(_content.Put(content));

    public Task<long> Count() => Task.FromResult(_content.Count);

    public Task<string> Where() => Task.FromResult(silo.SiloAddress.ToParsableString());
}

[GrainType("bench.relay-box"), RandomPlacement]
public sealed class RelayBox(ILocalSiloDetails silo) : Grain, IRelayBox
{
    private IPlainBox? _next;

    public Task Link(string next)
    {
        _next = GrainFactory.GetGrain<IPlainBox>(next);
        return Task.CompletedTask;
    }

    public Task<long> Put(byte[] content) => _next!.Put(content);

    public Task<long> Count() => _next!.Count();

    public Task<string> Where() => Task.FromResult(silo.SiloAddress.ToParsableString());
}
