using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Hosting;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>
/// The user's incoming filters see the author's methods, once for a call, on the replica that admits it; and nothing of the library's own.
/// </summary>
public sealed class IncomingFilterTests : IAsyncLifetime
{
    private readonly Doorkeeper _door = new();
    private readonly ConcurrentQueue<Activity> _spans = new();
    private ActivityListener? _listener;
    private LedgerCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("Microsoft.Orleans", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
        _cluster = await LedgerCluster.StartAsync(options: o => o.TurnTimeout = TimeSpan.FromSeconds(2), configure: (_, silo) =>
        {
            silo.AddActivityPropagation();
            silo.AddIncomingGrainCallFilter(_door);
        });
    }

    public async ValueTask DisposeAsync()
    {
        RequestContext.Clear();
        _listener?.Dispose();
        await _cluster.DisposeAsync();
    }

    /// <summary>A grain, and the user whom the calls to it name.</summary>
    private IGuarded OfAnn(string key)
    {
        RequestContext.Set("user", "ann");
        return _cluster.Client.GetGrain<IGuarded>(key);
    }

    /// <summary>The filter refuses every call that names no user: heartbeats, entries and look-ups name none.</summary>
    [Fact]
    public async Task FilterThatRefusesAnonymousCalls_DoesNotStopReplication_AndRefusesTheAuthorsMethods()
    {
        var grain = _cluster.Client.GetGrain<IGuarded>("guarded");
        RequestContext.Set("user", "ann");
        Assert.Equal(1, await grain.Add("one"));
        Assert.Equal(2, (await _cluster.InSyncAsync(grain, 2)).InSync.Length);
        Assert.All(_door.Seen, call => Assert.StartsWith("IGuarded.", call.Method, StringComparison.Ordinal));

        RequestContext.Clear();
        Assert.Equal("nobody may Add", (await Assert.ThrowsAsync<UnauthorizedAccessException>(() => grain.Add("two"))).Message);
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => grain.Entries());
        RequestContext.Set("user", "ann");
        Assert.Equal(["one"], await grain.Entries()); // it was not executed
    }

    [Fact]
    public async Task Call_IsSeenOnce_AsAnyGrains()
    {
        var grain = OfAnn("seen");
        await grain.Add("one");
        await _cluster.InSyncAsync(grain, 2);
        await grain.Add("two");
        await grain.Entries();
        var seen = _door.Seen.Where(call => call.Target == grain.GetGrainId()).ToList();
        Assert.Equal(["IGuarded.Add", "IGuarded.Add", "IGuarded.Entries"], seen.Select(call => call.Method));
        Assert.All(seen, call => Assert.Equal((typeof(Guarded), grain.GetGrainId(), "Guarded"), (call.Grain, call.Context, call.Implementation)));
        Assert.Equal(["one", "two"], seen.Where(call => call.Argument is not null).Select(call => call.Argument));
    }

    /// <summary>What the filter made of the arguments is what every replica applies, and a retry is known by what was sent (W1, W3).</summary>
    [Fact]
    public async Task FilterThatChangesArguments_ChangesThemForEveryReplica()
    {
        var grain = OfAnn("changed");
        await grain.Add("plain");
        await _cluster.InSyncAsync(grain, 2);
        await grain.Add("shout: hello"); // SetArgument
        await grain.AddAll(["a", "b"]); // the list itself is changed
        string[] expected = ["plain", "HELLO", "a", "b", "by ann"];
        var diagnostics = _cluster.Client.ServiceProvider.GetRequiredService<IReplicatedGrainDiagnostics>();
        foreach (var replica in await diagnostics.GetReplicasAsync(grain))
            await TestKit.Eventually.TrueAsync(
                async () => expected.SequenceEqual(await diagnostics.ReadFromAsync(replica.Silo!, grain.Entries)), $"{replica.Silo} holds them");
        var master = (await _cluster.RecordAsync(grain))!.Master;
        await _cluster.KillAsync(_cluster.SiloOf(master));
        Assert.Equal(6, await grain.Add("after"));
        Assert.Equal([.. expected, "after"], await grain.Entries());
    }

    [Fact]
    public async Task FilterThatReplacesResults_AndOneThatSwallowsExceptions_AreHeard()
    {
        var grain = OfAnn("replaced");
        await grain.Add("one");
        RequestContext.Set("double", true);
        Assert.Equal(4, await grain.Add("two"));
        Assert.Equal(-1, await grain.Fail());
        Assert.Equal(["one", "two", "one", "two"], await grain.Entries());
        RequestContext.Remove("double");
        Assert.Equal(["one", "two"], await grain.Entries()); // filters get a copy: the state is as it was
        await Assert.ThrowsAsync<ArgumentException>(() => grain.Fail());
    }

    /// <summary>The grain class itself is a filter: it sees its own methods, after the silo's filters.</summary>
    [Fact]
    public async Task FilterOfTheClass_SeesItsMethods()
    {
        var grain = OfAnn("own");
        await grain.Add("one");
        Assert.Equal("closed", (await Assert.ThrowsAsync<InvalidOperationException>(() => grain.Add("close"))).Message);
        Assert.Equal(["one"], await grain.Entries());
    }

    [Fact]
    public async Task RequestContextOfAFilter_ReachesTheOperation()
    {
        RequestContext.Set("user", "ann");
        Assert.Equal("ann of sales", await _cluster.Client.GetGrain<IGuarded>("context").Who());
    }

    /// <summary>
    /// The master dies with the answer, and the filter on the next one refuses what it has seen before. It was executed: the caller is not told that it was refused (W8).
    /// </summary>
    [Fact]
    public async Task FilterThatRefusesARetry_OfWhatWasExecuted_DoesNotHideThat()
    {
        var grain = OfAnn("retried");
        await grain.Add("one");
        await _cluster.InSyncAsync(grain, 2);
        var call = grain.AddOnce("two");
        await _door.Executed.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await _cluster.KillAsync(_cluster.SiloOf((await _cluster.RecordAsync(grain))!.Master));
        await Assert.ThrowsAsync<OperationOutcomeUnknownException>(() => call);
        Assert.True(_door.Refused > 0);
        Assert.Equal(["one", "two"], await grain.Entries());
    }

    /// <summary>A filter that takes a short cut to the method would change one replica's state, and no other's.</summary>
    [Fact]
    public async Task FilterThatInvokesTheRequestItself_ChangesNothing()
    {
        var grain = OfAnn("short-cut");
        await grain.Add("one");
        RequestContext.Set("short-cut", true);
        await Assert.ThrowsAnyAsync<Exception>(() => grain.Add("two"));
        RequestContext.Remove("short-cut");
        Assert.Equal(2, await grain.Add("three"));
        Assert.Equal(["one", "three"], await grain.Entries());
    }

    [Fact]
    public async Task ServerSpans_ShowTheAuthorsMethods_AndNothingOfTheLibrary()
    {
        var grain = OfAnn("spans");
        await grain.Add("one");
        await _cluster.InSyncAsync(grain, 2);
        await grain.Entries();
        var spans = _spans.Where(span => span.Kind == ActivityKind.Server).Select(span => span.OperationName).ToList();
        Assert.Contains("IGuarded/Add", spans);
        Assert.Contains("IGuarded/Entries", spans);
        Assert.All(spans, name => Assert.DoesNotContain("Replica", name, StringComparison.Ordinal));
        Assert.All(spans, name => Assert.DoesNotContain("INodeGrain", name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReadWhoseArgumentRefusesItsValue_EndsAtOnce()
    {
        var grain = OfAnn("picky");
        var failure = await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(() => grain.Find(new Positive(-7)));
        Assert.Contains("-7 is not positive", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>The read waits for an operation that waits for the read: its limit ends it, and nothing is done twice.</summary>
    [Fact]
    public async Task ReadThatAwaitsAnOperationOfItsOwnGrain_IsExecutedOnce()
    {
        var grain = OfAnn("own-operation");
        await grain.Add("one");
        await _cluster.InSyncAsync(grain, 2);
        using (ReadPreferenceScope.Use(ReadPreference.Master)) await Assert.ThrowsAsync<TimeoutException>(() => grain.AddInARead());
        await TestKit.Eventually.TrueAsync(async () => (await grain.Entries()).Count == 2, "the operation");
        Assert.Equal(2, (await grain.Entries()).Count);
    }

    [Fact]
    public async Task DeactivateOnIdle_AfterCommit_HandsOver_AndInsideAnOperationIsRefused()
    {
        var grain = OfAnn("leaving");
        await grain.Add("one");
        for (var round = 2; round < 8; round++)
        {
            var thrown = await Assert.ThrowsAsync<ThrownByGrainException>(() => grain.Leave());
            Assert.IsType<NotSupportedOnReplicatedGrainException>(thrown.InnerException);
            await grain.LeaveAfterCommit();
            Assert.Equal(round, await grain.Add($"{round}"));
        }
    }
}

/// <summary>Authorization, validation, and what else filters do.</summary>
internal sealed class Doorkeeper : IIncomingGrainCallFilter
{
    public ConcurrentQueue<SeenCall> Seen { get; } = new();

    /// <summary>An <see cref="IGuarded.AddOnce"/> was executed, and its answer is held for ever; later ones are refused.</summary>
    public TaskCompletionSource Executed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public int Refused { get; private set; }

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        var assembly = context.InterfaceMethod.DeclaringType!.Assembly.GetName().Name!;
        if (assembly.StartsWith("Orleans.", StringComparison.Ordinal) && !assembly.StartsWith("Orleans.MasterSlave", StringComparison.Ordinal))
        {
            await context.Invoke(); // Orleans' own
            return;
        }

        var method = $"{context.InterfaceMethod.DeclaringType!.Name}.{context.MethodName}";
        Seen.Enqueue(new(
            method, context.Grain.GetType(), context.TargetId, context.TargetContext.GrainId, context.ImplementationMethod.DeclaringType!.Name,
            context.Request.GetArgumentCount() > 0 ? context.Request.GetArgument(0) as string : null));
        if (RequestContext.Get("user") is not string user) throw new UnauthorizedAccessException($"nobody may {context.MethodName}");
        if (context.Request.GetArgumentCount() > 0)
        {
            if (context.Request.GetArgument(0) is string text && text.StartsWith("shout: ", StringComparison.Ordinal))
                context.Request.SetArgument(0, text["shout: ".Length..].ToUpperInvariant());
            if (context.Request.GetArgument(0) is List<string> list) list.Add($"by {user}");
        }

        RequestContext.Set("full-name", $"{user} of sales");
        if (RequestContext.Get("short-cut") is not null && context.MethodName == nameof(IGuarded.Add))
        {
            context.Response = await context.Request.Invoke();
            return;
        }

        if (context.MethodName == nameof(IGuarded.AddOnce))
        {
            if (Executed.Task.IsCompleted)
            {
                Refused++;
                throw new UnauthorizedAccessException("seen before");
            }

            await context.Invoke();
            Executed.SetResult();
            await new TaskCompletionSource().Task;
        }

        if (RequestContext.Get("double") is null)
        {
            await context.Invoke();
            return;
        }

        try
        {
            await context.Invoke();
            if (context.Result is int number) context.Result = number * 2;
            if (context.Result is List<string> entries) entries.AddRange([.. entries]);
        }
        catch (ArgumentException)
        {
            context.Result = -1;
        }
    }

    public sealed record SeenCall(string Method, Type Grain, GrainId Target, GrainId Context, string Implementation, string? Argument);
}

[Alias("test.IGuarded")]
public interface IGuarded : IGrainWithStringKey
{
    [Alias("add")] Task<int> Add(string text);
    [Alias("add-once"), ResponseTimeout("00:00:06")] Task AddOnce(string text);
    [Alias("add-all")] Task<int> AddAll(List<string> texts);
    [Alias("fail")] Task<int> Fail();
    [Alias("who")] Task<string> Who();
    [Alias("leave")] Task Leave();
    [Alias("leave-after-commit")] Task LeaveAfterCommit();
    [Alias("entries"), ReadOnly] Task<List<string>> Entries();
    [Alias("find"), ReadOnly] Task<int> Find(Positive number);
    [Alias("add-in-a-read"), ReadOnly] Task AddInARead();
}

[GrainType("test.guarded"), Replicated]
public sealed class Guarded : ReplicatedGrain<LedgerState>, IGuarded, IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.Request.GetArgumentCount() > 0 && context.Request.GetArgument(0) is "close")
            throw new InvalidOperationException("closed");
        await context.Invoke();
    }

    public Task<int> Add(string text)
    {
        State.Entries.Add(text);
        return Task.FromResult(State.Entries.Count);
    }

    public Task AddOnce(string text) => Add(text);

    public Task<int> AddAll(List<string> texts)
    {
        State.Entries.AddRange(texts);
        return Task.FromResult(State.Entries.Count);
    }

    public Task<int> Fail() => throw new ArgumentException("no");

    public Task<string> Who() => Task.FromResult($"{RequestContext.Get("full-name")}");

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task LeaveAfterCommit()
    {
        AfterCommit(() =>
        {
            DeactivateOnIdle();
            return Task.CompletedTask;
        });
        return Task.CompletedTask;
    }

    public Task<List<string>> Entries() => Task.FromResult(State.Entries);
    public Task<int> Find(Positive number) => Task.FromResult(State.Entries.Count);

    public Task AddInARead() => this.AsReference<IGuarded>().Add("from a read");
}
