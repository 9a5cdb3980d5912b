using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Shell;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

public sealed class TurnLimitsTests
{
    private readonly FakeTimeProvider _time = new();

    private TurnLimits Limits => new(operations: TimeSpan.FromSeconds(2), others: TimeSpan.FromSeconds(1), _time);

    [Fact]
    public async Task Work_ThatEndsInTime_GivesItsResult()
    {
        var work = new TaskCompletionSource<int>();
        var limited = Limits.OfOthers(() => work.Task, "a read");
        _time.Advance(TimeSpan.FromSeconds(0.9));
        work.SetResult(7);
        Assert.Equal(7, await limited);
    }

    [Fact]
    public async Task Work_ThatOverruns_NoLongerHoldsItsTurn()
    {
        var limited = Limits.OfOthers(() => new TaskCompletionSource<int>().Task, "a read");
        _time.Advance(TimeSpan.FromSeconds(1));
        var overrun = await Assert.ThrowsAsync<TurnOverrunException>(() => limited);
        Assert.StartsWith("a read has not ended within TurnTimeout (00:00:01)", overrun.Message);
    }

    [Fact]
    public async Task Operations_HaveALimitOfTheirOwn_WhichTheErrorNames()
    {
        LogEntry[] batch = [Entry(4), Entry(5)];
        var limited = Limits.OfOperations(() => new TaskCompletionSource<int>().Task, batch);
        _time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.False(limited.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        var overrun = await Assert.ThrowsAsync<TurnOverrunException>(() => limited);
        Assert.Contains("operations 4 to 5", overrun.Message);
        Assert.Contains("ApplyTimeout", overrun.Message);
    }

    [Fact]
    public async Task TimeoutOfTheWorkItself_IsNoOverrun() =>
        await Assert.ThrowsAsync<TimeoutException>(() => Limits.OfOthers(() => Task.FromException(new TimeoutException()), "a read"));

    [Fact]
    public async Task CodeThatOverran_IsUnderWay_UntilItHasEnded()
    {
        var limits = Limits;
        Assert.Null(limits.Open);
        var work = new TaskCompletionSource<int>();
        var limited = limits.OfOthers(() => work.Task, "a read");
        Assert.Equal("a read", $"{limits.Open}");
        _time.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<TurnOverrunException>(() => limited);
        Assert.Equal("a read", $"{limits.Open}");
        work.SetResult(1);
        Assert.Null(limits.Open);
    }

    private static LogEntry Entry(long index) =>
        new() { Kind = EntryKind.Operation, Position = new LogPosition(new Epoch(1), new LogIndex(index)), TimeUtc = DateTime.UnixEpoch, Payload = [] };
}
