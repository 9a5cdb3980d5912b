using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Liveness;
using Xunit;

namespace Orleans.MasterSlave.Tests.Liveness;

/// <summary>Masterships that were given up: told until acknowledged, and of one birth of the group (L6, I4).</summary>
public class ResignationTests
{
    private static readonly GroupId Group = new(GrainId.Create("group", "b"));
    private static readonly GroupBirth First = new(new Guid(1, 1, 1, new byte[8]));
    private static readonly GroupBirth Anew = new(new Guid(2, 2, 2, new byte[8]));
    private readonly LivenessPair _pair = new();

    public ResignationTests() => _pair.Slave.Follow(Group, new LivenessPair.Deaf());

    [Fact]
    public void Resignation_IsToldUntilAHeartbeatThatToldItIsAnswered()
    {
        Resign(1, First);
        Assert.Single(_pair.NextHeartbeat().Resignations);
        Assert.Single(_pair.Beat().Resignations);
        Assert.Empty(_pair.Beat().Resignations);
        Assert.Equal(new Epoch(1), _pair.Slave.ResignedEpoch(Group, First));
    }

    [Fact]
    public void Resignations_ToANodeThatDoesNotReturn_AreOneForEachGroup()
    {
        for (var epoch = 1; epoch <= 5; epoch++) Resign(epoch, First);
        Assert.Equal([new Resignation(Group, new Epoch(5), First)], _pair.NextHeartbeat().Resignations);
    }

    [Fact]
    public void ResignationThatIsToldAgain_NeedsAnAnswerOfItsOwn()
    {
        Resign(1, First);
        var heartbeat = _pair.NextHeartbeat();
        Resign(2, First);
        _pair.Master.OnHeartbeatReply(_pair.Slave.Self.Node, _pair.Slave.OnHeartbeat(heartbeat)!);
        Assert.Equal([new Resignation(Group, new Epoch(2), First)], _pair.NextHeartbeat().Resignations);
    }

    /// <summary>Else its first masters would seem to have given up theirs, and a slave would take over beside a living one.</summary>
    [Fact]
    public void GroupMadeAnew_IsNotTakenForResigned()
    {
        Resign(7, First);
        _pair.Beat();
        Assert.Equal(Epoch.None, _pair.Slave.ResignedEpoch(Group, Anew));
    }

    /// <summary>Else a master that resigned would vouch for reads again (R2).</summary>
    [Fact]
    public void LateResignation_OfTheGroupBefore_HidesNone()
    {
        Resign(2, Anew);
        _pair.Beat();
        Resign(7, First);
        _pair.Beat();
        Assert.Equal(new Epoch(2), _pair.Slave.ResignedEpoch(Group, Anew));
    }

    private void Resign(long epoch, GroupBirth birth) => _pair.Master.Resign(new Resignation(Group, new Epoch(epoch), birth), [_pair.Slave.Self.Node]);
}
