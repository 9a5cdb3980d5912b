using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Runs;
using Orleans.MasterSlave.Simulated.Store;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of leases: what a slave gave away binds it, and no more than that counts at the master.</summary>
public sealed class LeaseTests
{
    /// <summary>A lease counts from the sending of the heartbeat that was answered, however late the answer comes (L2).</summary>
    [Fact]
    public void Lease_IsCountedFromTheSendingOfItsHeartbeat() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (former, next) = (scenario.Master, scenario.Slaves[0]);
        var held = false;
        scenario.Hold(next, former, m => m is HeartbeatReply && (held = true));
        scenario.Until(() => held, "a reply that is late");
        scenario.EndScript();
        scenario.Cluster.Network.Cut(former.Index, next.Index);
        scenario.Cluster.Store.FateOf = row => row.Master == Scenario.NodeOf(former) ? SwapFate.NeverLands : null;
        scenario.Wait(scenario.Cluster.Options.Times.LeaseDuration * 0.97);
        scenario.Do(scenario.Cluster.Network.ReleaseHeld);
        scenario.Lose(next, former, m => m is AppendRequest);
        scenario.Until(() => scenario.Master == next && scenario.At(next).IsServing, "another master");
        var call = scenario.Send(next, scenario.Operation(1));
        scenario.Until(() => call.IsAnswered, "an answer of the new master");
        Assert.True(scenario.At(former).IsMaster); // it has not heard
        Assert.NotEqual(ReplyKind.Answered, scenario.MasterReadAt(former)?.Kind);
        scenario.Cluster.Store.FateOf = null;
        scenario.Heal();
    });

    /// <summary>From deciding to compete until its swap is settled a slave confirms no lease (L3), though it takes what its master sends.</summary>
    [Fact]
    public void Slave_WhoseSwapIsNotSettled_ConfirmsNoLease() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (former, next) = (scenario.Master, scenario.Slaves[0]);
        scenario.Cluster.Store.LandsAfter = TimeSpan.FromMilliseconds(900);
        var competes = false;
        scenario.Cluster.Store.FateOf = row =>
        {
            if (row.Master == Scenario.NodeOf(former) || competes) return SwapFate.NeverLands;
            competes = true;
            return SwapFate.LandsLater;
        };
        scenario.Cluster.Network.Cut(former.Index, next.Index);
        scenario.Until(() => competes, "the slave competes");
        scenario.Cluster.Network.HealAll();
        scenario.Wait(TimeSpan.FromMilliseconds(600)); // they hear each other again, and the master asks for its lease
        Assert.NotEqual(ReplyKind.Answered, scenario.MasterReadAt(former)?.Kind);
        scenario.Until(() => scenario.Master == next, "the swap lands");
        scenario.Lose(next, former, m => m is AppendRequest);
        scenario.Lose(former, next, m => m is AppendRequest);
        scenario.Cluster.Store.FateOf = null;
        scenario.Until(() => scenario.At(next).IsServing || scenario.Record.Epoch > new Epoch(2), "another master");
        scenario.Heal();
    });

    /// <summary>A lease is held from every required slave, or it is none (L5): one slave hears its master, the other does not, and takes over.</summary>
    [Fact]
    public void Lease_OfOneSlave_IsNoLease_WhileAnotherIsRequired() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(5);
        var (former, next) = (scenario.Master, scenario.Slaves[0]);
        scenario.Cluster.Store.FateOf = row => row.Master == Scenario.NodeOf(former) ? SwapFate.NeverLands : null;
        scenario.Cluster.Network.Cut(former.Index, next.Index);
        scenario.Cluster.Network.Cut(next.Index, former.Index);
        scenario.Until(() => scenario.Master == next && scenario.At(next).IsServing, "another master");
        var call = scenario.Send(next, scenario.Operation(1));
        scenario.Until(() => call.IsAnswered, "an answer of the new master");
        Assert.True(scenario.At(former).IsMaster); // it has not heard
        Assert.NotEqual(ReplyKind.Answered, scenario.MasterReadAt(former)?.Kind);
        scenario.Cluster.Store.FateOf = null;
        scenario.Heal();
    });

    /// <summary>Nothing that was answered under an earlier session lengthens the lease under a new one (L3).</summary>
    [Fact]
    public void Lease_UnderANewSession_CountsFromWhatWasAnsweredUnderIt()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var lease = new PeerLease(new LivenessTimes());
        var early = Send();
        time.Advance(TimeSpan.FromMilliseconds(500));
        lease.OnReply(Reply(Send(), session: 1), time.GetElapsedTime(0));
        lease.OnReply(Reply(early, session: 2), time.GetElapsedTime(0));
        time.Advance(TimeSpan.FromMilliseconds(600));
        Assert.False(lease.IsValid(time.GetElapsedTime(0), time.GetUtcNow().UtcDateTime));

        long Send() => lease.NextNumber(time.GetElapsedTime(0), time.GetUtcNow().UtcDateTime, givesLease: true);
        static HeartbeatReply Reply(long number, long session) =>
            new()
            {
                Replier = new NodeLife(Nodes.SimIds.Node(1), 1),
                Number = number,
                Session = new LeaseSession(1, session),
                GrantedLease = TimeSpan.FromSeconds(1),
                PromotionWait = TimeSpan.FromSeconds(1.25),
                UtcNow = default,
            };
    }

    /// <summary>A slave that learns that it is in sync gives its master the whole wait (L4).</summary>
    [Fact]
    public void Slave_ThatLearnsThatItIsInSync_WaitsFromThereOn() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Do(slave.Crash);
        scenario.Until(() => scenario.Record.InSync.Length == 1, "it is taken out");
        var epoch = scenario.Record.Epoch;
        scenario.Cluster.Store.LandsAfter = TimeSpan.FromSeconds(4);
        var grows = false;
        scenario.Cluster.Store.FateOf = row =>
        {
            if (row.Epoch > epoch) return SwapFate.Answered;
            if (grows) return SwapFate.NeverLands;
            grows = true;
            return SwapFate.LandsLater;
        };
        scenario.Do(() => slave.Start());
        scenario.Until(() => grows, "its grow, whose outcome is unknown");
        scenario.Cluster.Network.Cut(master.Index, slave.Index);
        scenario.Cluster.Network.Cut(slave.Index, master.Index);
        scenario.Until(() => slave.Silo!.Of(scenario.Group.Id).Replica.Record?.InSync.Length == 2, "it reads that it is in sync");
        scenario.Wait(scenario.Cluster.Options.Times.PromotionWait * 0.9);
        Assert.Equal(epoch, scenario.Record.Epoch);
        scenario.Until(() => scenario.Record.Epoch > epoch, "then it competes");
        scenario.Cluster.Store.FateOf = null;
        scenario.Heal();
    });

    /// <summary>A process that is over gets no answer to its heartbeats, and so no lease (I2).</summary>
    [Fact]
    public void Heartbeat_OfAnEarlierLife_IsNotAnswered()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var slave = new NodeLiveness(new NodeLife(Nodes.SimIds.Node(1), 1), Nodes.SimIds.Store, new LivenessTimes(), time);
        Assert.NotNull(slave.OnHeartbeat(Of(life: 3, number: 7)));
        Assert.Null(slave.OnHeartbeat(Of(life: 2, number: 9)));
        Assert.NotNull(slave.OnHeartbeat(Of(life: 3, number: 8)));
        Assert.Equal(3, slave.LifeOf(Nodes.SimIds.Node(0)));

        static Heartbeat Of(long life, long number) => new() { Sender = new NodeLife(Nodes.SimIds.Node(0), life), Number = number, Store = Nodes.SimIds.Store };
    }

    /// <summary>Applied only under a lease (W4): what an asynchronous master cut off from all takes in, no read of it sees.</summary>
    [Fact]
    public void AsyncMaster_WithoutALease_AppliesNothing() => Scenario.Play(() =>
    {
        var scenario = new Scenario(new GroupShape(2, ReplicationMode.Asynchronous, 1));
        scenario.Change(5);
        var former = scenario.Master;
        scenario.Isolate(former);
        scenario.Cluster.Store.FateOf = row => row.Master == Scenario.NodeOf(former) ? SwapFate.NeverLands : null;
        scenario.Wait(scenario.Cluster.Options.Times.LeaseDuration * 1.1);
        scenario.Send(former, scenario.Operation(1));
        scenario.Wait(TimeSpan.FromMilliseconds(50));
        Assert.Equal(5, scenario.At(former).Applied);
        scenario.Until(() => scenario.Master != former && scenario.At(scenario.Master).IsServing, "another master");
        scenario.Cluster.Store.FateOf = null;
        scenario.Heal();
    });

    /// <summary>A linearizable read whose mastership ends while it runs is not answered, though leases given before run on (R3).</summary>
    [Fact]
    public void MasterRead_WhoseMastershipEndsMeanwhile_IsNotAnswered() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var former = scenario.Master;
        former.ReadTime = TimeSpan.FromMilliseconds(400);
        var read = scenario.Read(former, masterOnly: true);
        scenario.Wait(TimeSpan.FromMilliseconds(10));
        scenario.EndReplica(former);
        scenario.Until(() => scenario.Master != former && scenario.At(scenario.Master).IsServing, "another master", 0.4);
        scenario.Until(() => read.Reply is not null, "what comes of the read");
        Assert.Equal(ReplyKind.Redirected, read.Reply!.Kind);
        scenario.Heal();
    });
}
