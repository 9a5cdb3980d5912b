using Xunit;

namespace Orleans.MasterSlave.Tests.Liveness;

/// <summary>Deciding to compete and changing the lease session are one step (L3).</summary>
public sealed class CompetingTests
{
    [Fact]
    public void HeartbeatAfterTheDecision_KeepsTheSession()
    {
        var pair = new LivenessPair();
        pair.Beat();
        var (master, session, decided) = (pair.Master.Self, pair.Slave.SessionFor(pair.Master.Self.Node), pair.Slave.Now);
        pair.Pass(pair.Slave.Times.PromotionWait + TimeSpan.FromMilliseconds(1)); // the slave decides by what it has heard so far
        pair.BeatAgain();

        Assert.False(pair.Slave.TryBeginCompeting(master.Node, master.StartCount, since: decided));
        Assert.Equal(session, pair.Slave.SessionFor(master.Node));
        Assert.NotNull(pair.Master.LeaseUntil(pair.Slave.Self.Node, session));
    }

    [Fact]
    public void HeartbeatAfterTheSessionChanged_RenewsNoLeaseOfTheOldOne()
    {
        var pair = new LivenessPair();
        pair.Beat();
        var (master, session, decided) = (pair.Master.Self, pair.Slave.SessionFor(pair.Master.Self.Node), pair.Slave.Now);
        pair.Pass(pair.Slave.Times.PromotionWait + TimeSpan.FromMilliseconds(1));

        Assert.True(pair.Slave.TryBeginCompeting(master.Node, master.StartCount, since: decided));
        pair.BeatAgain();

        Assert.NotEqual(session, pair.Slave.SessionFor(master.Node));
        Assert.Null(pair.Master.LeaseUntil(pair.Slave.Self.Node, session));
    }

    [Fact]
    public void HeartbeatsOfALifeThatNeverConfirmedTheGroup_KeepNobodyFromCompeting()
    {
        var pair = new LivenessPair();
        var since = pair.Slave.Now;
        pair.Pass(pair.Slave.Times.PromotionWait + TimeSpan.FromMilliseconds(1));
        pair.BeatAgain();

        Assert.True(pair.Slave.TryBeginCompeting(pair.Master.Self.Node, life: 0, since));
    }

    [Fact]
    public void PatienceThatBeganAnew_IsLookedAtToo()
    {
        var pair = new LivenessPair();
        pair.Pass(pair.Slave.Times.PromotionWait + TimeSpan.FromMilliseconds(1));
        Assert.False(pair.Slave.TryBeginCompeting(pair.Master.Self.Node, life: 0, since: pair.Slave.Now));
    }
}
