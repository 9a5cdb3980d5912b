using Bank.Load;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Orleans.MasterSlave.Tests.Bank;

public sealed class FailoverClockTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Summarize_WithoutFault_IsZero() => Assert.Equal((0, 0), new FailoverClock(_time).Summarize());

    [Fact]
    public void Summarize_TakesTheFirstWriteOfEachAffectedGroup()
    {
        var clock = new FailoverClock(_time);
        clock.Start(["a", "b", "c"], () => { });
        AcknowledgeAfter(clock, "other", 1);
        AcknowledgeAfter(clock, "a", 99);
        AcknowledgeAfter(clock, "b", 100);
        AcknowledgeAfter(clock, "a", 100);
        AcknowledgeAfter(clock, "c", 100);
        Assert.Equal((200, 400), clock.Summarize());
        Assert.Empty(clock.Waiting);
    }

    [Fact]
    public void Acknowledged_OfAWriteIssuedBeforeTheFault_DoesNotCount()
    {
        var clock = new FailoverClock(_time);
        var before = _time.GetTimestamp();
        clock.Start(["a"], () => _time.Advance(TimeSpan.FromMilliseconds(1)));
        clock.Acknowledged("a", before);
        Assert.Equal(["a"], clock.Waiting);
    }

    [Fact]
    public void Summarize_WithAGroupThatNeverWrote_CountsItUntilNow()
    {
        var clock = new FailoverClock(_time);
        clock.Start(["a", "b"], () => { });
        AcknowledgeAfter(clock, "a", 10);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal((10, 5010), clock.Summarize());
    }

    [Fact]
    public void Start_AgainForAnotherFault_ForgetsNoneOfTheFirst()
    {
        var clock = new FailoverClock(_time);
        clock.Start(["a", "b"], () => { });
        AcknowledgeAfter(clock, "a", 10);
        AcknowledgeAfter(clock, "b", 30);
        clock.Start(["a"], () => { });
        Assert.Equal(["a"], clock.Waiting);
        AcknowledgeAfter(clock, "a", 20);
        Assert.Equal((20, 20), clock.SummarizeLast());
        Assert.Equal((20, 40), clock.Summarize());
        Assert.Equal("a", clock.Slowest);
    }

    private void AcknowledgeAfter(FailoverClock clock, string account, int milliseconds)
    {
        var issued = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        clock.Acknowledged(account, issued);
    }
}
