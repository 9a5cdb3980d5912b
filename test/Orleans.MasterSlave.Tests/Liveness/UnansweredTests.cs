using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Liveness;
using Xunit;

namespace Orleans.MasterSlave.Tests.Liveness;

/// <summary>A node that is heard but hears nobody: its heartbeats are no sign of life (L1).</summary>
public sealed class UnansweredTests
{
    private static readonly TimeSpan Interval = new LivenessTimes().HeartbeatInterval;
    private readonly LivenessPair _pair = new();

    private NodeId SlaveNode => _pair.Slave.Self.Node;
    private NodeId MasterNode => _pair.Master.Self.Node;
    private LeaseSession Session => _pair.Slave.SessionFor(MasterNode);

    [Fact]
    public void WhoHasJustStarted_IsNotTakenForUnanswered()
    {
        Assert.False(_pair.NextHeartbeat().IsNoSignOfLife);
        _pair.Pass(_pair.Master.Times.LeaseDuration);
        Assert.True(_pair.NextHeartbeat().IsNoSignOfLife);
    }

    [Fact]
    public void Heartbeats_ThatNobodyAnswers_DoNotKeepTheSlaveWaiting()
    {
        _pair.Beat();
        var heard = _pair.Slave.Now;
        for (var i = 0; i < 20; i++)
        {
            _pair.Pass(Interval);
            _pair.Slave.OnHeartbeat(_pair.NextHeartbeat()); // its reply is lost
        }

        Assert.True(_pair.Slave.IsPatienceOver(MasterNode, life: 1, since: heard));
        Assert.InRange(_pair.Slave.LastHeard(MasterNode, life: 1), heard, heard + (_pair.Master.Times.LeaseDuration / 2));
    }

    [Fact]
    public void AnswerToOne_GivesNoLease_AndIsHeard()
    {
        _pair.Beat();
        _pair.Pass(_pair.Master.Times.LeaseDuration + Interval);
        Assert.True(_pair.NextHeartbeat().IsNoSignOfLife);
        _pair.Beat();
        Assert.Null(_pair.Master.LeaseUntil(SlaveNode, Session));
        Assert.True(_pair.Master.IsHeard);

        _pair.Pass(Interval);
        Assert.False(_pair.NextHeartbeat().IsNoSignOfLife);
        _pair.Beat();
        Assert.NotNull(_pair.Master.LeaseUntil(SlaveNode, Session));
    }

    [Fact]
    public void ASlaveThatIsSilent_HadItsWait_OnlyWhenWhatItHeardInVainHasPassed()
    {
        _pair.Beat();
        var answered = _pair.Master.Now;
        var lastHeard = answered + (_pair.Master.Times.LeaseDuration / 2);
        Assert.True(_pair.Master.HadItsWait(SlaveNode, since: TimeSpan.Zero) > lastHeard + _pair.Slave.Times.PromotionWait);
    }

    /// <summary>
    /// A third node answered long after the slave fell silent: until then this node's heartbeats counted at the slave, who heard them.
    /// </summary>
    [Fact]
    public void ASlaveThatIsSilent_HadItsWait_OnlyAfterAnyAnswer_NotItsOwnAlone()
    {
        var third = _pair.Node(3);
        _pair.Master.AddSlave(third.Self.Node, new LivenessPair.Deaf());
        _pair.Beat();
        for (var i = 0; i < 50; i++)
        {
            _pair.Pass(Interval);
            var heartbeat = _pair.Master.HeartbeatsDue().Single(h => h.Peer == third.Self.Node).Heartbeat;
            _pair.Master.OnHeartbeatReply(third.Self.Node, third.OnHeartbeat(heartbeat)!);
        }

        Assert.True(_pair.Master.HadItsWait(SlaveNode, since: TimeSpan.Zero) > _pair.Master.Now + _pair.Slave.Times.PromotionWait);
    }
}
