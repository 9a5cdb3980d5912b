using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Liveness;

namespace Orleans.MasterSlave.Tests.Liveness;

/// <summary>A master's node and a slave's, with one clock, whose heartbeats the test carries.</summary>
internal sealed class LivenessPair
{
    private static readonly StoreId Store = new(new Guid(1, 2, 3, new byte[8]));

    public LivenessPair(LivenessTimes? master = null, LivenessTimes? slave = null)
    {
        Master = Node(1, master);
        Slave = Node(2, slave);
        Master.AddSlave(Slave.Self.Node, new Deaf());
    }

    public FakeTimeProvider Time { get; } = new();
    public NodeLiveness Master { get; }
    public NodeLiveness Slave { get; }

    public NodeLiveness Node(byte number, LivenessTimes? times = null, long startCount = 1) =>
        new(new NodeLife(new NodeId(new Guid(number, 0, 0, new byte[8])), startCount), Store, times ?? new LivenessTimes(), Time);

    public Heartbeat NextHeartbeat() => Master.HeartbeatsDue().Single(h => h.Peer == Slave.Self.Node).Heartbeat;

    /// <summary>A heartbeat goes, and its reply comes back, in no time.</summary>
    /// <param name="slaveAhead">How far the slave's wall clock is ahead of the master's.</param>
    /// <returns>The heartbeat.</returns>
    public Heartbeat Beat(TimeSpan slaveAhead = default)
    {
        var heartbeat = NextHeartbeat();
        var reply = Slave.OnHeartbeat(heartbeat)!;
        Master.OnHeartbeatReply(Slave.Self.Node, new HeartbeatReply
        {
            Replier = reply.Replier,
            Number = reply.Number,
            Session = reply.Session,
            Now = reply.Now,
            StartedAnew = reply.StartedAnew,
            GrantedLease = reply.GrantedLease,
            PromotionWait = reply.PromotionWait,
            Leaving = reply.Leaving,
            UtcNow = reply.UtcNow + slaveAhead,
        });
        return heartbeat;
    }

    /// <summary>After a silence: the first answer tells the master that it is heard, and its next heartbeat counts.</summary>
    public void BeatAgain()
    {
        Beat();
        Beat();
    }

    /// <summary>Time passes, and both look at it as often as a silo does.</summary>
    public void Pass(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromMilliseconds(50))
        {
            Time.Advance(TimeSpan.FromMilliseconds(50));
            Master.Tick();
            Slave.Tick();
        }
    }

    internal sealed class Deaf : IReplicaListener
    {
        public bool IsSlaveBehind(NodeId slave, TimeSpan before) => false;
        public GroupId Group { get; } = new(GrainId.Create("group", "a"));
        public void PeerChanged() { }
        public void MasterResigned(Epoch epoch) { }
        public void SlaveStartedAnew(NodeId slave) { }
        public void Tick() { }
    }
}
