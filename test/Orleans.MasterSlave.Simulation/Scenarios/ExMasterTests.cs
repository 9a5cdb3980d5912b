using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.Runs;
using Orleans.MasterSlave.Simulated.Store;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of a master that lost its office, or does not know whether it did.</summary>
public sealed class ExMasterTests
{
    [Fact]
    public void ExMaster_CutOffFromAll_AnswersNoMasterRead() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var former = scenario.Master;
        Assert.Equal(ReplyKind.Answered, scenario.MasterReadAt(former)!.Kind);
        scenario.Isolate(former);
        scenario.Until(() => scenario.Master != former, "another master");
        scenario.Change();
        Assert.NotEqual(ReplyKind.Answered, scenario.MasterReadAt(former)?.Kind);
        scenario.Heal();
    });

    /// <summary>Ex-master serves reads for ever (R2): also those that may be stale end.</summary>
    [Fact]
    public void ExMaster_CutOffFromAll_AnswersStaleReadsOnlyForAWhile() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, limits: l => l with { MaxStaleness = TimeSpan.FromSeconds(3) });
        scenario.Change(5);
        var former = scenario.Master;
        scenario.Isolate(former);
        scenario.Until(() => scenario.Master != former, "another master");
        Assert.Equal(ReplyKind.Answered, scenario.Soon(scenario.Read(former, masterOnly: false))?.Kind);
        scenario.Wait(TimeSpan.FromSeconds(3.5));
        Assert.Equal(ReplyKind.Redirected, scenario.Soon(scenario.Read(former, masterOnly: false))?.Kind);
        scenario.Heal();
    });

    /// <summary>Two masters never both acknowledge: an append on its way when its master was succeeded finds a higher promise (W3).</summary>
    [Fact]
    public void AppendOfAFormerMaster_ThatComesLate_IsRefused() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (former, next) = (scenario.Master, scenario.Slaves[0]);
        scenario.Hold(former, next, Scenario.IsAppendWithEntries);
        var call = scenario.Send(former, scenario.Operation(1));
        scenario.Wait(TimeSpan.FromMilliseconds(10));
        scenario.Isolate(former);
        scenario.Until(() => scenario.At(next).IsServing, "another master");
        var last = scenario.At(next).Disk.Last;

        scenario.EndScript();
        scenario.Cluster.Network.HealAll();
        scenario.Do(scenario.Cluster.Network.ReleaseHeld);
        scenario.Wait(TimeSpan.FromMilliseconds(20));

        Assert.Equal(last, scenario.At(next).Disk.Last);
        Assert.True(scenario.At(next).IsServing);
        Assert.False(call.IsAnswered);
        scenario.Heal();
    });

    /// <summary>An answer that was recorded under a lease is not given again without one (W1, W4): the other master may not have it.</summary>
    [Fact]
    public void AsyncExMaster_AsksNobody_AndAnswersNoRepeatedRequest() => Scenario.Play(() =>
    {
        var scenario = new Scenario(new GroupShape(2, ReplicationMode.Asynchronous, 1));
        scenario.Change(5);
        var former = scenario.Master;
        var operation = scenario.Operation(1);
        var first = scenario.Send(former, operation);
        scenario.Until(() => first.IsAnswered, "an answer");
        scenario.Isolate(former);
        scenario.Until(() => scenario.Master != former && scenario.At(scenario.Master).IsServing, "another master");
        scenario.Change();

        Assert.False(scenario.Soon(scenario.Send(former, operation)) is { Kind: ReplyKind.Answered });
        scenario.Heal();
    });

    /// <summary>
    /// Heartbeat reply credited to a new lease session (L3): the slave competes, and its swap is on its way, when the two hear each other again. Replies under its
    /// new session extend no lease of a group that was confirmed under the old one.
    /// </summary>
    [Fact]
    public void ExMaster_ThatIsHeardAgainWhileItsSlaveCompetes_HoldsNoLease() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (former, next) = (scenario.Master, scenario.Slaves[0]);
        scenario.Cluster.Store.LandsAfter = TimeSpan.FromMilliseconds(600);
        var fates = new Queue<SwapFate>([SwapFate.LandsLater, SwapFate.NeverLands, SwapFate.NeverLands, SwapFate.NeverLands, SwapFate.NeverLands]);
        var competes = false;
        scenario.Cluster.Store.FateOf = _ =>
        {
            competes = true;
            return fates.TryDequeue(out var fate) ? fate : null;
        };
        scenario.Isolate(former);
        scenario.Until(() => competes, "the slave competes");
        scenario.Lose(former, next, m => m is AppendRequest);
        scenario.Lose(next, former, m => m is AppendRequest);
        scenario.Cluster.Network.HealAll();
        scenario.Until(() => scenario.Master == next && scenario.At(next).IsServing, "another master");
        var call = scenario.Send(next, scenario.Operation(1));
        scenario.Until(() => call.IsAnswered, "an answer of the new master");

        Assert.True(scenario.At(former).IsMaster); // it has not heard
        Assert.NotEqual(ReplyKind.Answered, scenario.MasterReadAt(former)?.Kind);
        scenario.Heal();
    });

    /// <summary>A reply that comes after the session has changed extends nothing, whichever session it names (L2, L3).</summary>
    [Fact]
    public void HeartbeatReply_OfAnOldSession_ExtendsNoLease()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var (a, b) = (Node(0, time), Node(1, time));
        a.AddSlave(b.Self.Node, new Deaf());
        var first = b.OnHeartbeat(a.HeartbeatsDue().Single().Heartbeat)!;
        var second = b.OnHeartbeat(a.HeartbeatsDue().Single().Heartbeat)!;
        a.OnHeartbeatReply(b.Self.Node, first);
        var confirmed = b.SessionFor(a.Self.Node);
        Assert.NotNull(a.LeaseUntil(b.Self.Node, confirmed));

        Assert.True(b.TryBeginCompeting(a.Self.Node, life: 0, since: b.Now - b.Times.PromotionWait)); // for a group that this life never confirmed
        var third = b.OnHeartbeat(a.HeartbeatsDue().Single().Heartbeat)!;
        a.OnHeartbeatReply(b.Self.Node, third);
        a.OnHeartbeatReply(b.Self.Node, second);

        Assert.Null(a.LeaseUntil(b.Self.Node, confirmed));
        Assert.Equal(third.Session, a.ReachableSession(b.Self.Node));
    }

    /// <summary>
    /// Deciding to compete and changing the session are one step (L3): heartbeats come in another thread, and one that is answered between the two renews the
    /// lease of the master against whom the slave was about to compete.
    /// </summary>
    [Fact]
    public void Heartbeat_BetweenTheDecisionToCompeteAndTheChangeOfSession_KeepsTheSlaveFromIt() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        var epoch = scenario.Record.Epoch;
        var heard = false;
        slave.BeforeClaim = () =>
        {
            slave.BeforeClaim = null;
            scenario.Cluster.Network.HealAll();
            scenario.Cluster.Store.CutOff.Clear();
            var heartbeat = master.Silo!.Liveness.HeartbeatsDue().Single(h => h.Peer == Scenario.NodeOf(slave)).Heartbeat;
            master.Silo.Liveness.OnHeartbeatReply(Scenario.NodeOf(slave), slave.Silo!.Liveness.OnHeartbeat(heartbeat)!);
            heard = true;
        };
        scenario.Cluster.Network.Cut(master.Index, slave.Index); // the third node hears it: its heartbeats are signs of life
        scenario.Cluster.Store.CutOff.Add(master.Index);
        scenario.Until(() => heard, "the slave is about to compete");
        scenario.Wait(TimeSpan.FromMilliseconds(500));

        Assert.Equal(epoch, scenario.Record.Epoch);
        Assert.Equal(ReplyKind.Answered, scenario.MasterReadAt(master)?.Kind);
        scenario.Heal();
    });

    private static NodeLiveness Node(int index, TimeProvider time) =>
        new(new NodeLife(Nodes.SimIds.Node(index), 1), Nodes.SimIds.Store, new LivenessTimes(), time);

    private sealed class Deaf : IReplicaListener
    {
        public bool IsSlaveBehind(NodeId slave, TimeSpan before) => false;
        public GroupId Group => Nodes.SimIds.Group(0);
        public void PeerChanged() { }
        public void MasterResigned(Epoch epoch) { }
        public void SlaveStartedAnew(NodeId slave) { }
        public void Tick() { }
    }

    /// <summary>
    /// Messages of a life that is over (I2): the master's process died with an append on its way, and its node is heard again, for another group, before it has
    /// taken this one back. What comes late is of the epoch that the slave follows, and still refused.
    /// </summary>
    [Fact]
    public void AppendOfADeadProcess_ThatComesAfterItsNodeIsHeardAgain_IsRefused() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, nodes: 2, groups: 4);
        var shared = scenario.Cluster.Groups.GroupBy(g => scenario.Cluster.Store.Record(g.Id)!.Master).First(g => g.Count() > 1).ToList();
        var (late, other) = (shared[0], shared[1]);
        scenario.Group = other;
        scenario.Change();
        scenario.Group = late;
        scenario.Change(5);
        var (former, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Hold(former, slave, Scenario.IsAppendWithEntries);
        scenario.Send(former, scenario.Operation(1));
        scenario.Wait(TimeSpan.FromMilliseconds(10));
        scenario.EndScript();
        scenario.Cluster.Store.FateOf = next => next.Group == late.Id ? SwapFate.NeverLands : null;
        scenario.Do(former.Crash);
        scenario.Do(() => former.Start());
        scenario.Group = other;
        scenario.Until(() => scenario.At(former).IsServing && slave.Silo!.Liveness.LifeOf(Scenario.NodeOf(former)) == former.StartCount, "the new process is heard");
        scenario.Group = late;
        var (last, promised) = (scenario.At(slave).Disk.Last, scenario.At(slave).Disk.PromisedEpoch);

        scenario.Do(scenario.Cluster.Network.ReleaseHeld);
        scenario.Wait(TimeSpan.FromMilliseconds(20));

        Assert.Equal(promised, scenario.At(slave).Disk.PromisedEpoch); // still the dead process's epoch
        Assert.Equal(last, scenario.At(slave).Disk.Last);
        scenario.Cluster.Store.FateOf = null;
        scenario.Heal();
    });
}
