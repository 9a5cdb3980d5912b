using System.Collections.Concurrent;
using Orleans.Concurrency;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>User code that does not end in its turn, or that waits for itself: it is told so, and the group goes on.</summary>
public sealed class TurnTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Read_ThatDoesNotEnd_GetsATimeout_AndHoldsUpOperationsNoLonger()
    {
        await using var cluster = await LedgerCluster.StartAsync(options: o => o.TurnTimeout = o.ApplyTimeout = Limit);
        var grain = cluster.Client.GetGrain<ITurns>("read");
        await grain.Add("first");
        var gate = Guid.NewGuid();
        var entered = Turns.Gate(gate).Entered.Task;
        Task reading;
        using (ReadPreferenceScope.Use(ReadPreference.Master)) reading = grain.WaitAt(gate);
        await entered;

        Assert.Equal(2, await grain.Add("second"));

        var error = await Assert.ThrowsAsync<TimeoutException>(() => reading);
        Assert.Contains("a [ReadOnly] call has not ended within TurnTimeout", error.Message);
        Turns.Gate(gate).Open.SetResult();
        Assert.Equal(3, await grain.Add("third")); // by the same master: it was not taken for broken
    }

    /// <summary>The limit is watched from outside the thread that is blocked.</summary>
    [Fact]
    public async Task Operation_ThatBlocksItsThread_CostsItsReplicaTheOffice_AndIsAnsweredByTheNextMaster()
    {
        await using var cluster = await LedgerCluster.StartAsync(options: o => o.ApplyTimeout = TimeSpan.FromSeconds(1));
        var grain = cluster.Client.GetGrain<ITurns>("blocked");
        await grain.Add("first");
        await Eventually.TrueAsync(async () => (await cluster.RecordAsync(grain))!.InSync.Length == 2, "a slave in sync");
        var former = (await cluster.RecordAsync(grain))!.Master;
        var gate = Guid.NewGuid();
        try
        {
            Assert.Equal(2, await grain.AddBlocked("second", gate).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
            Assert.Equal(3, await grain.Add("third").WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
            Assert.NotEqual(former, (await cluster.RecordAsync(grain))!.Master);
            Assert.Contains(cluster.Warnings.Messages, m => m.Contains("has blocked its thread for longer than ApplyTimeout", StringComparison.Ordinal));
        }
        finally
        {
            Turns.Gate(gate).Open.SetResult();
        }

        await Eventually.TrueAsync(() => Task.FromResult(cluster.Warnings.Messages.Any(m => m.Contains("quarantined and serves no more", StringComparison.Ordinal))), "the quarantine");
        Assert.Equal("first second third", string.Join(' ', await grain.Entries()));
    }

    [Fact]
    public async Task ActionAfterCommit_ThatAwaitsItsOwnGrain_EndsWithAnError_AndTheOperationIsExecuted()
    {
        await using var cluster = await LedgerCluster.StartAsync(options: o => o.TurnTimeout = Limit);
        var grain = cluster.Client.GetGrain<ITurns>("self");

        await grain.AddThenAwaitAnother("one", "two");

        await Eventually.TrueAsync(async () => string.Join(' ', await grain.Entries()) == "one two", "the other operation is executed");
    }
}

[GenerateSerializer, Alias("test.turns-state")]
public sealed class TurnsState
{
    [Id(0)] public List<string> Entries { get; set; } = [];
}

[Alias("test.ITurns")]
public interface ITurns : IGrainWithStringKey
{
    [Alias("add")] Task<int> Add(string text);
    [Alias("add-blocked")] Task<int> AddBlocked(string text, Guid gate);
    [Alias("add-then")] Task AddThenAwaitAnother(string text, string another);
    [Alias("wait"), ReadOnly] Task WaitAt(Guid gate);
    [Alias("entries"), ReadOnly] Task<string[]> Entries();
}

[GrainType("test.turns"), Replicated]
public sealed class Turns : ReplicatedGrain<TurnsState>, ITurns
{
    private static readonly ConcurrentDictionary<Guid, (TaskCompletionSource Entered, TaskCompletionSource Open)> Gates = [];

    /// <summary>A gate in this process, by name: where a read tells that it began, and waits.</summary>
    public static (TaskCompletionSource Entered, TaskCompletionSource Open) Gate(Guid gate) => Gates.GetOrAdd(
        gate, _ => (new(TaskCreationOptions.RunContinuationsAsynchronously), new(TaskCreationOptions.RunContinuationsAsynchronously)));

    public Task<int> Add(string text)
    {
        State.Entries.Add(text);
        return Task.FromResult(State.Entries.Count);
    }

    /// <summary>The first replica that comes here waits for the gate, and keeps its thread.</summary>
    public Task<int> AddBlocked(string text, Guid gate)
    {
        var (entered, open) = Gate(gate);
        if (entered.TrySetResult()) open.Task.Wait();
        return Add(text);
    }

    public Task AddThenAwaitAnother(string text, string another)
    {
        State.Entries.Add(text);
        AfterCommit(async () => await this.AsReference<ITurns>().Add(another));
        return Task.CompletedTask;
    }

    public Task WaitAt(Guid gate)
    {
        var (entered, open) = Gate(gate);
        entered.TrySetResult();
        return open.Task;
    }

    public Task<string[]> Entries() => Task.FromResult(State.Entries.ToArray());
}
