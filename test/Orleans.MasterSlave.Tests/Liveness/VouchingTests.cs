using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Liveness;
using Xunit;

namespace Orleans.MasterSlave.Tests.Liveness;

/// <summary>What a heartbeat says of groups whose own threads have not looked yet (R2).</summary>
public class VouchingTests
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(300);
    private readonly LivenessPair _pair = new();
    private readonly AlwaysBehind _group = new();

    public VouchingTests()
    {
        _pair.Master.AddSlave(_pair.Slave.Self.Node, _group);
        _pair.Beat();
        _pair.Master.StopTicks(_group);
    }

    [Fact]
    public void Group_AtRest_UnderALease_IsNotAsked() => Assert.Empty(_pair.Beat().Behind);

    /// <summary>It found itself settled while the lease was good; its word comes when the lease is gone, and it blocks before it hears of that.</summary>
    [Fact]
    public void Group_WhoseLeaseWent_IsAsked_ThoughALateWordOfItsThreadSaysThatItIsSettled()
    {
        _pair.Pass(2 * _pair.Master.Times.LeaseDuration);
        _pair.Master.StopTicks(_group);
        Assert.Equal([_group.Group], _pair.NextHeartbeat().Behind);
    }

    [Fact]
    public void Group_WhoseLeaseIsBack_IsAskedUntilItSaysThatItIsSettled()
    {
        _pair.Pass(2 * _pair.Master.Times.LeaseDuration);
        _pair.BeatAgain();
        Assert.Equal([_group.Group], _pair.NextHeartbeat().Behind);
        _pair.Master.StopTicks(_group);
        _pair.Pass(Heartbeat);
        Assert.Empty(_pair.Beat().Behind);
    }

    private sealed class AlwaysBehind : IReplicaListener
    {
        public bool IsSlaveBehind(NodeId slave, TimeSpan before) => true;
        public GroupId Group { get; } = new(GrainId.Create("group", "b"));
        public void PeerChanged() { }
        public void MasterResigned(Epoch epoch) { }
        public void SlaveStartedAnew(NodeId slave) { }
        public void Tick() { }
    }
}
