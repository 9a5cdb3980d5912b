using Orleans.MasterSlave.Shell;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

public sealed class TurnsTests
{
    private readonly Turns _turns = new();
    private readonly List<string> _events = [];

    [Fact]
    public Task Operation_WaitsForEveryRead_AlsoWhenTheFirstHasEnded() => OnOneThreadAsync(async () =>
    {
        var (first, second) = (new TaskCompletionSource<int>(), new TaskCompletionSource<int>());
        var reads = new[] { _turns.SharedAsync(() => first.Task), _turns.SharedAsync(() => second.Task) };
        var operation = _turns.ExclusiveAsync(() => Note("operation"));

        first.SetResult(0);
        await reads[0];
        await StepsAsync();
        Assert.Empty(_events);

        second.SetResult(0);
        await operation;
        Assert.Equal(["operation"], _events);
    });

    [Fact]
    public Task Read_ThatCameAfterAnOperation_WaitsForIt_SoReadsCannotKeepItOut() => OnOneThreadAsync(async () =>
    {
        var first = new TaskCompletionSource<int>();
        _ = _turns.SharedAsync(() => first.Task);
        var operation = _turns.ExclusiveAsync(() => Note("operation"));
        var read = _turns.SharedAsync(() => Note("read"));
        await StepsAsync();
        Assert.Empty(_events);
        first.SetResult(0);
        await Task.WhenAll(operation, read);
        Assert.Equal(["operation", "read"], _events);
    });

    [Fact]
    public Task WorkThatThrows_GivesItsTurnBack() => OnOneThreadAsync(async () =>
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => _turns.ExclusiveAsync<int>(() => throw new InvalidOperationException()));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _turns.SharedAsync<int>(() => throw new InvalidOperationException()));
        await _turns.ExclusiveAsync(() => Note("operation"));
        Assert.Equal(["operation"], _events);
    });

    [Fact]
    public Task Operation_NeverRunsWithinTheStepThatAskedForIt() => OnOneThreadAsync(async () =>
    {
        var operation = _turns.ExclusiveAsync(() => Note("operation"));
        Assert.Empty(_events);
        await operation;
    });

    [Fact]
    public Task ManyAtOnce_KeepTheRule_AndOperationsTheirOrder() => OnOneThreadAsync(async () =>
    {
        var random = new Random(7);
        var (reading, writing, last) = (0, 0, -1);
        var all = Enumerable.Range(0, 500).Select(i => random.Next(3) == 0
            ? _turns.ExclusiveAsync(async () =>
            {
                Assert.Equal((0, 0), (reading, writing++));
                Assert.True(i > last);
                last = i;
                await StepsAsync(random.Next(4));
                Assert.Equal((0, 1), (reading, writing--));
                return i;
            })
            : _turns.SharedAsync(async () =>
            {
                reading++;
                Assert.Equal(0, writing);
                await StepsAsync(random.Next(4));
                Assert.Equal(0, writing);
                reading--;
                return i;
            })).ToArray();
        Assert.Equal(Enumerable.Range(0, 500), await Task.WhenAll(all));
    });

    private Task<int> Note(string text)
    {
        _events.Add(text);
        return Task.FromResult(0);
    }

    private static async Task StepsAsync(int count = 10)
    {
        for (var i = 0; i < count; i++) await Task.Yield();
    }

    /// <summary>As in an activation: one step at a time, each to its next await.</summary>
    private static Task OnOneThreadAsync(Func<Task> test) => Task.Factory.StartNew(
        test, CancellationToken.None, TaskCreationOptions.DenyChildAttach, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();
}
