using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.Store;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of who takes the office, and when: never before the time is over in which another may hold it.</summary>
public sealed class OfficeTests
{
    /// <summary>Two compete at once, and the slower has looked at the row before the faster's swap landed: it is promoted on that row or not at all (G3).</summary>
    [Fact]
    public void SecondCompetitor_WhoseRowIsOldWhenItsSwapIsMade_LetsTheNewMasterBe() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(5);
        var (former, next, second) = (scenario.Master, scenario.Slaves[0], scenario.Slaves[1]);
        scenario.Cluster.Store.TripOf = node => TimeSpan.FromMilliseconds(node == next.Index ? 20 : 45);
        scenario.Do(former.Crash);
        scenario.Until(() => scenario.Master == next, "a new master");
        var epoch = scenario.Record.Epoch;
        scenario.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal((epoch, next), (scenario.Record.Epoch, scenario.Master));
        Assert.Equal(epoch, second.ContentsOf(scenario.Group.Index).Promised);
        scenario.Heal();
    });

    /// <summary>A master that was restarted takes its group back at once only when its earlier process is proved dead (G4).</summary>
    [Fact]
    public void RestartedMaster_WhoseEarlierProcessMayLive_WaitsLikeAnyone() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        var epoch = scenario.Record.Epoch;
        scenario.Cluster.Store.CutOff.Add(slave.Index);
        scenario.Do(master.Crash);
        scenario.Do(() => master.Start(previousLifeProvedDead: false));
        scenario.Until(() => master.Silo!.Lease is not null, "it is its node: nobody moved its row");
        scenario.Wait(scenario.Cluster.Options.Times.PromotionWait * 0.9);
        Assert.Equal(epoch, scenario.Record.Epoch);
        scenario.Until(() => scenario.At(master).IsServing, "it serves again, in an epoch of its own", 5);
        Assert.Equal(epoch.Next(), scenario.Record.Epoch);
        scenario.Heal();
    });

    /// <summary>A resignation ends patience with the mastership that it names, and with none that follows (L6).</summary>
    [Fact]
    public void Slave_ThatHeardAResignation_LetsTheNextMasterBe() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(5);
        var former = scenario.Master;
        var epoch = scenario.Record.Epoch.Next();
        scenario.EndReplica(former);
        scenario.Until(() => scenario.Master != former && scenario.At(scenario.Master).IsServing, "a new master", 1);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(5));
        Assert.Equal(epoch, scenario.Record.Epoch);
        scenario.Heal();
        Assert.Equal(epoch, scenario.Record.Epoch);
    });

    /// <summary>
    /// A mastership that ended so soon that nothing of it came to the slave but its resignation, together with that of the one before:
    /// its process is heard all the while, for other groups, and keeps nobody from taking over (L6).
    /// </summary>
    [Fact]
    public void Slave_ThatHearsOnlyTheResignationOfALaterMastership_TakesOver() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (former, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.LoseMastershipTwice(former, unheardBy: slave);
        scenario.Until(() => scenario.Master == slave && scenario.At(slave).IsServing, "another master", 5);
        scenario.Change();
        scenario.Do(former.Crash);
        scenario.Heal();
    });

    /// <summary>
    /// A slave whose torn tail is not made good (D4): it hears its master, and where their logs agree, but gets none of what it lost before the master dies.
    /// </summary>
    [Fact]
    public void Slave_WithATornTail_ThatGotNoEntriesYet_DoesNotCompete() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        scenario.UntilAllRest();
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Cluster.Store.FateOf = _ => SwapFate.NeverLands; // it stays in sync by the record
        scenario.Group.Checker.DisksMayForget = true;
        scenario.Do(slave.Crash);
        var contents = slave.ContentsOf(scenario.Group.Index);
        contents.CutFrom(contents.Last.Index);
        contents.Tear();
        var agreed = false;
        scenario.Lose(master, slave, Scenario.IsAppendWithEntries);
        var others = scenario.Cluster.Network.Script;
        scenario.Cluster.Network.Script = (from, to, message) =>
        {
            agreed |= message is Replication.AppendReply { Outcome: Replication.AppendOutcome.Appended };
            return others!(from, to, message);
        };
        scenario.Do(() => slave.Start());
        scenario.Until(() => agreed, "it is found where the logs agree");
        scenario.Wait(TimeSpan.FromMilliseconds(20));
        scenario.Do(master.Crash);
        scenario.Cluster.Store.FateOf = null;
        scenario.Wait(TimeSpan.FromSeconds(5));
        Assert.Equal(master, scenario.Master);
        scenario.Heal();
        Assert.Equal(5, scenario.At(slave).Applied);
    });
}
