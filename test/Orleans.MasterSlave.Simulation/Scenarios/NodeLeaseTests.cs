using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.Runs;
using Orleans.MasterSlave.Simulated.Store;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>
/// What a process does by itself when it does not hold its node's lease (I2), and what it does when the store has lost a part of it.
/// </summary>
public sealed class NodeLeaseTests
{
    private static readonly GroupShape Alone = new(1, ReplicationMode.Synchronous, 1);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A restart on the same folder and machine waits for nothing; with a lease that lapsed since, the record's word is not enough.
    /// </summary>
    [Fact]
    public void RestartedMaster_WithoutItsLease_DoesNotTakeItsGroupBack() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Alone);
        scenario.Change(5);
        var master = scenario.Master;
        var epoch = scenario.Record.Epoch;
        scenario.Cluster.Store.FateOf = _ => SwapFate.NeverLands;
        scenario.Do(master.Crash);
        scenario.Do(() => master.Start());
        scenario.Until(() => master.Silo!.IsUp, "its start, at once", 0.1);
        scenario.Cluster.Store.NodeFateOf = _ => SwapFate.NeverLands;
        scenario.Until(() => scenario.At(master).Lease == NodeLeaseState.Lapsed, "the lease is over", Lease.TotalSeconds + 1);
        scenario.Cluster.Store.FateOf = null;
        scenario.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal(epoch, scenario.Record.Epoch);
        Assert.False(scenario.At(master).IsServing);

        scenario.Cluster.Store.NodeFateOf = null;
        scenario.Until(() => scenario.At(master).IsServing, "it is the node again, and serves", 5);
        scenario.Heal();
    });

    /// <summary>
    /// With others in sync nothing depends on the lease; when they die, the master does not make itself the only one without it.
    /// </summary>
    [Theory]
    [InlineData(ReplicationMode.Synchronous)]
    [InlineData(ReplicationMode.Asynchronous)]
    public void Master_WithoutItsLease_ServesWithItsSlave_AndDoesNotTakeItOut(ReplicationMode mode) => Scenario.Play(() =>
    {
        var scenario = new Scenario(new GroupShape(2, mode, 1));
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Cluster.Store.NodeFateOf = row => row.Life.Node == Scenario.NodeOf(master) ? SwapFate.NeverLands : SwapFate.Answered;
        scenario.Until(() => scenario.At(master).Lease == NodeLeaseState.Lapsed, "the lease is over", Lease.TotalSeconds + 1);
        scenario.Change(5);
        Assert.Equal(ReplyKind.Answered, scenario.MasterReadAt(master)!.Kind);
        var version = scenario.Record.Version;
        scenario.Do(slave.Crash);
        scenario.Wait(TimeSpan.FromSeconds(2)); // an asynchronous master answers for as long as its lease from the slave lasts
        var write = scenario.Send(master, scenario.Operation(1));
        scenario.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal(version, scenario.Record.Version);
        Assert.False(write.IsAnswered);

        scenario.Cluster.Store.NodeFateOf = null;
        scenario.Until(() => scenario.Record.InSync.Length == 1 && write.IsAnswered, "it goes on alone", 5);
        scenario.Heal();
    });

    /// <summary>
    /// A promotion takes the old master out of sync: the last slave would be the only one, by the word of a process that may not be its
    /// node.
    /// </summary>
    [Fact]
    public void LastSlave_WithoutItsLease_DoesNotTakeOver() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        var epoch = scenario.Record.Epoch;
        scenario.Cluster.Store.NodeFateOf = row => row.Life.Node == Scenario.NodeOf(slave) ? SwapFate.NeverLands : SwapFate.Answered;
        scenario.Until(() => scenario.At(slave).Lease == NodeLeaseState.Lapsed, "the lease is over", Lease.TotalSeconds + 1);
        scenario.Do(master.Crash);
        scenario.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal(epoch, scenario.Record.Epoch);

        scenario.Cluster.Store.NodeFateOf = null;
        scenario.Until(() => scenario.Master == slave && scenario.At(slave).IsServing, "it takes over", 5);
        scenario.Heal();
    });

    /// <summary>
    /// An answer that became due while the lease was held, and is given when it is not, is withheld; it is given when it is held again.
    /// </summary>
    [Fact]
    public void Operation_ThatIsUnderWayWhenTheLeaseEnds_IsAnsweredWhenItIsHeldAgain() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Alone);
        scenario.Change(5);
        var master = scenario.Master;
        scenario.Cluster.Store.NodeFateOf = _ => SwapFate.NeverLands;
        scenario.Until(() => scenario.At(master).Lease == NodeLeaseState.Held && master.Silo!.Lease!.Left < TimeSpan.FromMilliseconds(100), "the lease ends soon", Lease.TotalSeconds);
        master.ApplyTime = TimeSpan.FromMilliseconds(500);
        var write = scenario.Send(master, scenario.Operation(1));
        scenario.Wait(TimeSpan.FromSeconds(3));
        Assert.Equal(6, scenario.At(master).Applied);
        Assert.False(write.IsAnswered);
        scenario.Cluster.Store.NodeFateOf = null;
        scenario.Until(() => write.IsAnswered, "the answer", 2);
        scenario.Heal();
    });

    /// <summary>The record may name the master alone already, though it has not heard so; that its slave is back does not help.</summary>
    [Fact]
    public void Master_WhoseShrinkToItselfIsNotSettled_NeedsItsLease() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Cluster.Store.FateOf = record => record.InSync.Length == 1 && record.Epoch == scenario.Record.Epoch ? SwapFate.LandsAndHangs : SwapFate.NeverLands;
        scenario.Isolate(slave);
        scenario.Until(() => scenario.Record.InSync.Length == 1, "the master is alone");
        scenario.Cluster.Store.IsDown = true;
        scenario.Cluster.Network.HealAll();
        scenario.Until(() => scenario.At(master).Lease == NodeLeaseState.Lapsed, "the lease is over", Lease.TotalSeconds + 1);
        var write = scenario.Send(master, scenario.Operation(1));
        scenario.Wait(TimeSpan.FromSeconds(5));
        Assert.False(write.IsAnswered);
        scenario.Cluster.Store.IsDown = false;
        scenario.Cluster.Store.FateOf = null;
        scenario.Heal();
    });

    /// <summary>Its answer may come late: by then another may watch the row for as long as the lease lasts.</summary>
    [Fact]
    public void Lease_IsCountedFromTheSendingOfItsRenewal() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Alone);
        var node = scenario.Master;
        scenario.Cluster.Store.TripOf = _ => TimeSpan.FromSeconds(1.5);
        var before = node.Silo!.Lease!.Row.Renewal;
        scenario.Until(() => node.Silo!.Lease!.Row.Renewal > before, "a renewal");
        Assert.InRange(node.Silo.Lease!.Left, Lease * 0.5, Lease - TimeSpan.FromSeconds(2.9));
        scenario.Cluster.Store.TripOf = null;
        scenario.Heal();
    });

    /// <summary>Of several tries of one write nobody knows which one landed: the first one counts.</summary>
    [Fact]
    public void Lease_WhoseRenewalWasTriedAgain_IsCountedFromTheFirstTry() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Alone);
        var node = scenario.Master;
        var before = node.Silo!.Lease!.Row.Renewal;
        var tried = false;
        scenario.Cluster.Store.NodeFateOf = row =>
        {
            if (row.Life.Node != Scenario.NodeOf(node)) return SwapFate.Answered;
            var fate = tried ? SwapFate.NeverLands : SwapFate.LostReply;
            tried = true;
            return fate;
        };
        scenario.Until(() => tried, "a renewal whose reply is lost");
        scenario.Wait(Lease / 2);
        scenario.Cluster.Store.NodeFateOf = null;
        scenario.Until(() => node.Silo!.Lease!.Row.Renewal > before, "it is found to have landed", 2);
        Assert.True(node.Silo!.Lease!.Left < Lease * 0.51, $"{node.Silo.Lease.Left}");
        scenario.Wait(TimeSpan.FromSeconds(1.1));
        Assert.True(node.Silo.Lease.Left > Lease * 0.8, "it is renewed at once");
        scenario.Heal();
    });

    /// <summary>Monotonic clocks stand still while a machine is suspended, or a copy of it is.</summary>
    [Fact]
    public void Lease_EndsByTheWallClockToo() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Alone);
        scenario.Change(5);
        var node = scenario.Master;
        scenario.Cluster.Store.CutOff.Add(node.Index);
        node.WallClockOffset += Lease;
        Assert.Equal(NodeLeaseState.Lapsed, scenario.At(node).Lease);
        Assert.NotEqual(ReplyKind.Answered, scenario.Soon(scenario.Send(node, scenario.Operation(1)))?.Kind);
        scenario.Cluster.Store.CutOff.Clear();
        scenario.Until(() => scenario.At(node).Lease == NodeLeaseState.Held, "it is renewed", 2);
        scenario.Heal();
    });

    [Fact]
    public void Node_WithoutItsLease_MakesNoGroup() => Scenario.Play(() =>
    {
        var scenario = Unfounded();
        var (node, plan) = (scenario.Cluster.Nodes[0], scenario.Group.Plan);
        scenario.Until(() => node.Silo!.IsUp, "it is up");
        scenario.Cluster.Store.NodeFateOf = row => row.Life.Node == Scenario.NodeOf(node) ? SwapFate.NeverLands : SwapFate.Answered;
        scenario.Until(() => node.Silo!.Lease?.Standing.Lease == NodeLeaseState.Lapsed, "the lease is over", Lease.TotalSeconds + 1);
        var creation = scenario.AskToFound(node, plan);
        scenario.Until(() => creation.Reply is not null, "a reply");
        Assert.True(creation.Reply!.IsNotNow);
        Assert.Null(scenario.Cluster.Store.Record(scenario.Group.Id));
        scenario.Cluster.Store.NodeFateOf = null;
        scenario.Until(() => node.Silo!.Lease?.Standing.Lease == NodeLeaseState.Held, "the lease is held again", 2);
        scenario.Found(node);
        scenario.Heal();
    });

    /// <summary>The author's choice for an outage of the store.</summary>
    [Theory]
    [InlineData(StoreOutageBehavior.StopServingAlone, false)]
    [InlineData(StoreOutageBehavior.GoOn, true)]
    public void StoreOutage_LongerThanALease_StopsGroupsServedAlone_OrNot(StoreOutageBehavior outage, bool serves) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Alone, outage: outage);
        scenario.Change(5);
        scenario.Cluster.Store.IsDown = true;
        scenario.Until(() => scenario.At(scenario.Master).Lease == NodeLeaseState.Lapsed, "the lease is over", Lease.TotalSeconds + 1);
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(serves, scenario.Soon(scenario.Send(scenario.Master, scenario.Operation(i + 1)))?.Kind == ReplyKind.Answered);
            Assert.Equal(serves, scenario.MasterReadAt(scenario.Master)?.Kind == ReplyKind.Answered);
            scenario.Wait(TimeSpan.FromSeconds(0.5));
        }

        scenario.Cluster.Store.IsDown = false;
        scenario.Until(() => scenario.At(scenario.Master).Lease == NodeLeaseState.Held, "the lease is held again", 2);
        scenario.Change(5);
        scenario.Heal();
    });

    /// <summary>A process that slept does not know whether the store is out: also one that may go on without it asks first.</summary>
    [Fact]
    public void Process_ThatSleptInAnOutage_AsksBeforeItGoesOn() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Alone, outage: StoreOutageBehavior.GoOn);
        scenario.Change(5);
        var master = scenario.Master;
        scenario.Cluster.Store.IsDown = true;
        scenario.Until(() => scenario.At(master).Lease == NodeLeaseState.Lapsed, "the lease is over", Lease.TotalSeconds + 1);
        scenario.Do(master.Silo!.Pause);
        scenario.Wait(Lease * 2);
        scenario.Cluster.Store.IsDown = false;
        var copy = master.Copy();
        var silo = master.Silo;
        scenario.Do(() => copy.Start());
        scenario.Until(() => copy.Silo is { IsUp: true } && scenario.At(copy).IsServing, "the copy serves", 15);
        scenario.Change(5);
        var write = scenario.Send(master, scenario.Operation(1));
        scenario.Do(silo.Resume);
        scenario.Until(() => silo.IsDisplaced, "it finds the other", 2);
        Assert.False(write.IsAnswered);
        scenario.Heal();
    });

    /// <summary>
    /// Found by the next renewal of a process that lives, or by the next start; it goes on with what it has, and makes no groups until an
    /// operator has looked.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Node_WhoseRowWentBack_MakesNoGroup_AndSaysSo(bool whileItRuns) => Scenario.Play(() =>
    {
        var scenario = Unfounded();
        var node = scenario.Cluster.Nodes[0];
        scenario.Until(() => node.Silo!.IsUp, "it is up");
        var backup = scenario.Cluster.Store.Node(Scenario.NodeOf(node))!;
        scenario.Wait(Lease);
        if (!whileItRuns) scenario.Do(node.Crash);
        scenario.Cluster.Store.Restore(Scenario.NodeOf(node), backup);
        if (!whileItRuns) scenario.Do(() => node.Start());
        scenario.Until(() => node.StoreWentBack && node.Silo!.Lease is not null, "it is noticed", Lease.TotalSeconds / 2);

        for (var i = 0; i < 2; i++)
        {
            var creation = scenario.AskToFound(node, scenario.Group.Plan);
            scenario.Until(() => creation.Reply is not null, "a reply");
            Assert.True(creation.Reply!.IsNotNow);
            scenario.Wait(Lease);
            Assert.Equal(NodeLeaseState.Held, node.Silo!.Lease!.Standing.Lease);
            scenario.Do(node.Crash);
            scenario.Do(() => node.Start()); // a restart is no operator
        }

        scenario.Do(node.Crash);
        node.StoreWentBack = false;
        scenario.Do(() => node.Start());
        scenario.Until(() => node.Silo!.IsUp, "it is up");
        scenario.Found(node);
        scenario.Heal();
    });

    /// <summary>A folder that is moved after its silo stopped in order starts at once, wherever.</summary>
    [Fact]
    public void Folder_OfASiloThatStoppedInOrder_StartsAtOnce_OnAnotherMachine() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Alone);
        scenario.Change(5);
        var node = scenario.Master;
        node.Stop();
        scenario.Until(() => !node.IsRunning, "it stops", 3);
        scenario.Do(() => node.Start(previousLifeProvedDead: false));
        scenario.Until(() => scenario.At(node).IsServing, "it serves", 0.5);
        scenario.Heal();
    });

    private static Scenario Unfounded() => new(Alone, founded: false);
}
