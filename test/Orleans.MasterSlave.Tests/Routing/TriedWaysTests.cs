using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Routing;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Routing;

/// <summary>How long one call waits on one way, and when it tries the direct one again.</summary>
public sealed class TriedWaysTests
{
    private static readonly ClientTimes Times = new(Ms(400), TimeSpan.FromSeconds(30), Ms(40), Ms(250));
    private static readonly SiloAddress A = SiloAddress.New(System.Net.IPAddress.Loopback, 1, 1);

    /// <summary>
    /// A gateway may be dead: nobody waits long for what comes by it, unless relays vouch for it that the replica has the call and is
    /// slow.
    /// </summary>
    [Theory]
    [InlineData(0, 0, 400)]
    [InlineData(1, 0, 800)]
    [InlineData(2, 0, 800)]
    [InlineData(9, 0, 800)]
    [InlineData(2, 1, 800)] // one word: another relay shall say so too
    [InlineData(3, 2, 3_200)]
    [InlineData(4, 3, 12_800)]
    [InlineData(5, 4, 30_000)]
    public void Patience_IsCapped_UnlessTheReplicaIsKnownToBeSlow(int earlier, int slow, int expected)
    {
        var tried = new TriedWays();
        for (var i = 0; i < slow; i++) tried.IsSlow();
        Assert.Equal(Ms(expected), tried.Patience(Times, earlier));
    }

    [Fact]
    public void DirectWay_IsTriedAgain_EachFourthTime()
    {
        var tried = new TriedWays();
        Assert.DoesNotContain(true, Enumerable.Range(0, 8).Select(_ => tried.NextIsDirect())); // it was not silent: others were
        tried.SilentDirect = new Attempt(Task.FromResult(new CallReply { Kind = ReplyKind.Unknown }), A, null, default);
        Assert.Equal([false, false, false, true, false, false, false, true], Enumerable.Range(0, 8).Select(_ => tried.NextIsDirect()));
    }

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
