using System.Reflection;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Filters;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>Filters that leave before what they began has ended: a limit of time, and behind it a check that takes longer.</summary>
public sealed class FilteredCallTests
{
    private static readonly CallSerializer Calls = CallSerializers.New();

    private readonly TaskCompletionSource _check = new(), _method = new();
    private int _executed;

    /// <summary>The caller has been told that the time is over; an operation that began after that would be a surprise, and of whose arguments?</summary>
    [Fact]
    public async Task StageThatIsReachedAfterTheCallHasEnded_IsNotBegun()
    {
        var behind = Task.CompletedTask;
        var call = Through(Leaving(task => behind = task), new Filter(async context =>
        {
            await _check.Task;
            await context.Invoke();
        }));
        Assert.IsType<TimeoutException>(await AnswerAsync(call));
        Assert.True(call.HasFailed);
        _check.SetResult();
        Assert.Contains("has ended", (await Assert.ThrowsAsync<InvalidOperationException>(() => behind)).Message, StringComparison.Ordinal);
        Assert.Equal(0, _executed);
    }

    /// <summary>A read that goes on holds its turn (R4).</summary>
    [Fact]
    public async Task MethodThatIsLeftBehind_IsWaitedFor()
    {
        var call = Through(Leaving(_ => { }));
        Assert.IsType<TimeoutException>(await AnswerAsync(call));
        var ended = call.LastStageEndedAsync();
        Assert.False(ended.IsCompleted);
        _method.SetResult();
        await ended;
        Assert.Equal(1, _executed);
    }

    private static Filter Leaving(Action<Task> behind) => new(context =>
    {
        behind(context.Invoke());
        throw new TimeoutException();
    });

    private static async Task<Exception?> AnswerAsync(FilteredCall call) => Calls.DeserializeResponse(await call.RunAsync(Calls.SerializeResponse)).Exception;

    private FilteredCall Through(params IIncomingGrainCallFilter[] filters) => new(null!, new Call(), filters, null!, Calls, async () =>
    {
        _executed++;
        await _method.Task;
        return Calls.SerializeResponse(Response.FromResult(1));
    });

    private sealed class Filter(Func<IIncomingGrainCallContext, Task> invoke) : IIncomingGrainCallFilter
    {
        public Task Invoke(IIncomingGrainCallContext context) => invoke(context);
    }

    private sealed class Call : RequestBase
    {
        public override string GetInterfaceName() => "IBook";
        public override string GetMethodName() => "Reserve";
        public override string GetActivityName() => "IBook/Reserve";
        public override Type GetInterfaceType() => typeof(Call);
        public override MethodInfo GetMethod() => throw new NotSupportedException();
        public override ValueTask<Response> Invoke() => throw new NotSupportedException();
        public override object GetTarget() => this;
        public override void SetTarget(ITargetHolder holder) { }
        public override void Dispose() { }
    }
}
