using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Routing;
using Xunit;

namespace Orleans.MasterSlave.Tests.Routing;

public sealed class AttemptWatchTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly AttemptWatch _watch;

    public AttemptWatchTests() => _watch = new AttemptWatch(TimeSpan.FromMilliseconds(400), _time);

    public void Dispose() => _watch.Dispose();

    [Fact]
    public async Task Wait_EndsWithTheTask_EvenAFailedOne()
    {
        var source = new TaskCompletionSource();
        var wait = _watch.WaitAsync(source.Task).AsTask();
        Assert.False(wait.IsCompleted);
        source.SetException(new TimeoutException());
        await wait;
        Assert.True(source.Task.IsFaulted);
        await _watch.WaitAsync(source.Task);
    }

    [Fact]
    public async Task Wait_EndsWithItsPatience_AndNotBefore()
    {
        var never = new TaskCompletionSource();
        var early = _watch.WaitAsync(never.Task).AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(350));
        var late = _watch.WaitAsync(never.Task).AsTask();
        Assert.False(early.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        await early;
        Assert.False(late.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(400));
        await late;
    }
}
