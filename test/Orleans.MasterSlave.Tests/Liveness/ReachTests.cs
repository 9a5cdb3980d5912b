using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Liveness;
using Xunit;

namespace Orleans.MasterSlave.Tests.Liveness;

/// <summary>What a relay says of another silo: by heartbeats, and by nothing else.</summary>
public sealed class ReachTests
{
    private readonly LivenessPair _pair = new();
    private NodeId Slave => _pair.Slave.Self.Node;
    private LivenessTimes Times => _pair.Master.Times;

    [Fact]
    public void NodeThatWasNeverAsked_IsNotKnown()
    {
        Assert.Equal(Reach.Unknown, _pair.Master.ReachOf(_pair.Node(3).Self.Node));
        Assert.Equal(Reach.Unknown, _pair.Master.ReachOf(Slave));
        Assert.Equal(Reach.Heard, _pair.Master.ReachOf(_pair.Master.Self.Node));
    }

    [Fact]
    public void NodeThatAnsweredWithinALease_IsHeard_AndAfterALeaseOfHeartbeatsInVain_IsNot()
    {
        _pair.Beat();
        Assert.Equal(Reach.Heard, _pair.Master.ReachOf(Slave));
        AskInVain(Times.LeaseDuration);
        Assert.Equal(Reach.Heard, _pair.Master.ReachOf(Slave));
        AskInVain(Times.HeartbeatInterval * 2);
        Assert.Equal(Reach.Unheard, _pair.Master.ReachOf(Slave));
        _pair.Beat();
        Assert.Equal(Reach.Heard, _pair.Master.ReachOf(Slave));
    }

    [Fact]
    public void NodeThatNeverAnswered_IsUnheardAfterALease()
    {
        AskInVain(Times.LeaseDuration - Times.HeartbeatInterval);
        Assert.Equal(Reach.Unknown, _pair.Master.ReachOf(Slave));
        AskInVain(Times.HeartbeatInterval);
        Assert.Equal(Reach.Unheard, _pair.Master.ReachOf(Slave));
    }

    /// <summary>No heartbeats go there any more: nothing follows from that nobody answers them.</summary>
    [Fact]
    public void NodeThatIsNotAskedAnyMore_IsNotKnown()
    {
        _pair.Beat();
        AskInVain(Times.LeaseDuration * 2);
        _pair.Pass(Times.LeaseDuration + Times.HeartbeatInterval);
        Assert.Equal(Reach.Unknown, _pair.Master.ReachOf(Slave));
    }

    /// <summary>A silo that slept has heard nobody, and that is its own fault.</summary>
    [Fact]
    public void WhoWakes_AsksFirst()
    {
        _pair.Beat();
        _pair.NextHeartbeat();
        _pair.Time.Advance(Times.LeaseDuration * 3);
        _pair.Master.Tick();
        _pair.NextHeartbeat();
        Assert.Equal(Reach.Unknown, _pair.Master.ReachOf(Slave));
        AskInVain(Times.LeaseDuration + Times.HeartbeatInterval);
        Assert.Equal(Reach.Unheard, _pair.Master.ReachOf(Slave));
    }

    private void AskInVain(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += Times.HeartbeatInterval)
        {
            _pair.NextHeartbeat();
            _pair.Pass(Times.HeartbeatInterval);
        }
    }
}
