using Orleans.Concurrency;

namespace Orleans.MasterSlave.SiloWorker;

[GenerateSerializer, Alias("test.deadly-state")]
public sealed class DeadlyState
{
    [Id(0)] public int Count { get; set; }
}

[Alias("test.IDeadly")]
public interface IDeadly : IGrainWithStringKey
{
    [Alias("add")] Task<int> Add();
    [Alias("end-process")] Task EndProcess();
    [Alias("count"), ReadOnly] Task<int> Count();
}

[GrainType("test.deadly"), Replicated]
public sealed class DeadlyGrain : ReplicatedGrain<DeadlyState>, IDeadly
{
    public Task<int> Add() => Task.FromResult(++State.Count);

    /// <summary>As a stack that overflows does.</summary>
    public Task EndProcess()
    {
        State.Count = 1_000_000;
        Environment.FailFast("a deadly operation");
        return Task.CompletedTask;
    }

    public Task<int> Count() => Task.FromResult(State.Count);
}
