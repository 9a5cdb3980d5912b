using Bank.Load;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Orleans.MasterSlave.Tests.Bank;

public sealed class PacerTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void DueAt_SpreadsTheWorkEvenly()
    {
        var pacer = new Pacer(count: 60, TimeSpan.FromSeconds(30), _time);
        Assert.Equal(TimeSpan.Zero, pacer.DueAt(0));
        Assert.Equal(TimeSpan.FromSeconds(15), pacer.DueAt(30));
        Assert.Equal(TimeSpan.FromSeconds(29.5), pacer.DueAt(59));
    }

    [Fact]
    public async Task WaitForAsync_CompletesWhenTheWorkIsDue()
    {
        var pacer = new Pacer(count: 10, TimeSpan.FromSeconds(10), _time);
        var third = pacer.WaitForAsync(3, TestContext.Current.CancellationToken).AsTask();
        _time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.False(third.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        await third;
    }

    [Fact]
    public void WaitForAsync_WhenLate_DoesNotWait()
    {
        var pacer = new Pacer(count: 10, TimeSpan.FromSeconds(10), _time);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(pacer.WaitForAsync(5, TestContext.Current.CancellationToken).IsCompletedSuccessfully);
        Assert.False(pacer.WaitForAsync(6, TestContext.Current.CancellationToken).IsCompleted);
    }
}
