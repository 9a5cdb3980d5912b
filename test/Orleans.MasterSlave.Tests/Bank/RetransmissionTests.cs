using Bank.Network;
using Xunit;

namespace Orleans.MasterSlave.Tests.Bank;

public sealed class RetransmissionTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(100, 100)] // sent again at 200 ms
    [InlineData(200, 0)]
    [InlineData(201, 399)] // at 600 ms
    [InlineData(1_000, 400)] // at 1,400 ms
    [InlineData(10_000, 2_600)] // at 12,600 ms
    public void WaitAfter_IsUntilTheNextDoubling(int heldMs, int waitMs) =>
        Assert.Equal(TimeSpan.FromMilliseconds(waitMs), Retransmission.WaitAfter(TimeSpan.FromMilliseconds(heldMs)));

    [Fact]
    public void WaitAfter_NeverTakesLongerThanTwoMinutes() => Assert.InRange(Retransmission.WaitAfter(TimeSpan.FromHours(3)), TimeSpan.Zero, TimeSpan.FromMinutes(2));
}
