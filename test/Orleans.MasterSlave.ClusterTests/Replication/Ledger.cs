using Orleans.Concurrency;

namespace Orleans.MasterSlave.ClusterTests.Replication;

[GenerateSerializer, Alias("test.ledger-state")]
public class LedgerState
{
    [Id(0)] public List<string> Entries { get; set; } = [];
    [Id(1)] public List<Guid> Ids { get; set; } = [];
    [Id(2)] public DateTime LastTime { get; set; }
}

[Alias("test.ILedger")]
public interface ILedger : IGrainWithStringKey
{
    [Alias("add")] Task<int> Add(string text);
    [Alias("fail")] Task Fail(string text);
    [Alias("slow-add")] Task<int> SlowAdd(string text, int yields);
    [Alias("context")] Task<string?> AddFromContext(string key);
    [Alias("entries"), ReadOnly] Task<string[]> Entries();
    [Alias("ids"), ReadOnly] Task<Guid[]> Ids();
    [Alias("who"), ReadOnly] Task<(string Silo, ReplicaRole Role)> Who();
    [Alias("key"), ReadOnly] Task<string> Key();

    /// <summary>Ends the activation of the replica that answers.</summary>
    [Alias("leave"), ReadOnly] Task Leave();
}

/// <summary>What a user would write: state, operations, reads.</summary>
public abstract class Ledger(ILocalSiloDetails silo) : ReplicatedGrain<LedgerState>, ILedger
{
    private int _inside; // another turn inside an operation would see it at 1

    public Task<int> Add(string text)
    {
        State.Entries.Add(text);
        State.Ids.Add(NewGuid());
        State.LastTime = UtcNow;
        return Task.FromResult(State.Entries.Count);
    }

    public Task Fail(string text)
    {
        State.Entries.Add(text);
        throw new ArgumentException($"no {text}");
    }

    public async Task<int> SlowAdd(string text, int yields)
    {
        if (_inside++ > 0) throw new InvalidOperationException("two operations at once");
        for (var i = 0; i < yields; i++) await Task.Yield();
        State.Entries.Add(text);
        for (var i = 0; i < yields; i++) await Task.Yield();
        _inside--;
        return State.Entries.Count;
    }

    public Task<string?> AddFromContext(string key)
    {
        var value = RequestContext.Get(key) as string;
        State.Entries.Add(value ?? "none");
        return Task.FromResult(value);
    }

    public async Task<string[]> Entries()
    {
        if (_inside > 0) throw new InvalidOperationException("a read inside an operation");
        var before = State.Entries.Count;
        await Task.Yield();
        if (_inside > 0 || State.Entries.Count != before) throw new InvalidOperationException("an operation inside a read");
        return [.. State.Entries];
    }

    public Task<Guid[]> Ids() => Task.FromResult(State.Ids.ToArray());

    public Task<(string Silo, ReplicaRole Role)> Who() => Task.FromResult((silo.SiloAddress.ToParsableString(), Role));

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task<string> Key() => Task.FromResult(this.GetPrimaryKeyString());
}

[GrainType("test.sync-ledger"), Replicated(ReplicationMode.Synchronous, Replicas = 2, MinInSyncReplicas = 1)]
public sealed class SyncLedger(ILocalSiloDetails silo) : Ledger(silo), ISyncLedger;

[GrainType("test.async-ledger"), Replicated(ReplicationMode.Asynchronous, Replicas = 2, MinInSyncReplicas = 1)]
public sealed class AsyncLedger(ILocalSiloDetails silo) : Ledger(silo), IAsyncLedger;

[Alias("test.ISyncLedger")]
public interface ISyncLedger : ILedger;

[Alias("test.IAsyncLedger")]
public interface IAsyncLedger : ILedger;
