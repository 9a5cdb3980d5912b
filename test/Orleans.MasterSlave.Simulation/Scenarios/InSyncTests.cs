using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Simulated.Runs;
using Orleans.MasterSlave.Simulated.Store;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of who is in sync.</summary>
public sealed class InSyncTests
{
    [Fact]
    public void Shrink_ThatLandsLateAfterARereadShowedTheOldRow_LosesNothing() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var slave = scenario.Slaves[0];
        FirstSwapLandsLate(scenario);
        scenario.Do(slave.Crash);
        scenario.Change(3);
        scenario.Do(() => slave.Start());
        scenario.Heal();
    });

    /// <summary>A late swap lands after a re-read (G1, G6): while a grow may still land, every entry needs the slave.</summary>
    [Fact]
    public void Grow_ThatLandsLateAfterARereadShowedTheOldRow_LosesNothing() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Do(slave.Crash);
        scenario.Change(3);
        var growing = FirstSwapLandsLate(scenario);
        scenario.Do(() => slave.Start());
        scenario.Until(growing, "a swap whose outcome is unknown");
        scenario.Lose(master, slave, Scenario.IsAppendWithEntries);
        var call = scenario.Send(master, scenario.Operation(1));
        scenario.Wait(TimeSpan.FromMilliseconds(500));
        Assert.Null(call.Reply); // it may be in sync by now
        scenario.Until(() => scenario.Record.InSync.Length == 2, "the swap lands");
        scenario.Do(master.Crash);
        scenario.Until(() => scenario.Master == slave, "the slave takes over");
        scenario.Heal();
    });

    /// <summary>A slave hears of a later record than it read (G9): what it tells callers is the one that it read, whole.</summary>
    [Fact]
    public void View_OfASlaveThatWasTakenIntoTheRecord_DoesNotPassAnOldSetForTheNewOne() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var slave = scenario.Slaves[0];
        scenario.Do(slave.Crash);
        scenario.Change(3);
        scenario.Do(() => slave.Start());
        scenario.Until(() => scenario.Record.InSync.Length == 2, "the slave is in sync again");
        scenario.Change(3); // with these it hears of the record
        scenario.Wait(TimeSpan.FromSeconds(1));
        var view = scenario.At(slave).View!;
        if (view.Version == scenario.Record.Version) Assert.All(view.Replicas, replica => Assert.True(replica.InSync));
        else Assert.True(scenario.At(scenario.Master).View!.IsNewerThan(view));
    });

    /// <summary>Grow with entries in flight (G6): it comes into the record only with what was the last entry when it became required.</summary>
    [Fact]
    public void Slave_ThatAcknowledgesNothingNew_DoesNotComeIntoTheRecord() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Do(slave.Crash);
        scenario.Change(3);
        scenario.Lose(master, slave, Scenario.IsAppendWithEntries); // it is found where it is, and heard, but gets nothing
        scenario.Do(() => slave.Start());
        scenario.Wait(TimeSpan.FromSeconds(2));
        Assert.Single(scenario.Record.InSync);
        scenario.Heal();
    });

    /// <summary>In-flight entry acknowledged on one disk after a shrink, in strict mode (G5, W4, W8).</summary>
    [Fact]
    public void StrictGroup_WhoseSlavesAreSilent_KeepsTwoInSync_AndAcknowledgesNothing() => Scenario.Play(() =>
    {
        var scenario = new Scenario(new GroupShape(3, ReplicationMode.Synchronous, 2));
        scenario.Change(5);
        var master = scenario.Master;
        foreach (var slave in scenario.Slaves) scenario.Lose(master, slave, Scenario.IsAppendWithEntries);
        var call = scenario.Send(master, scenario.Operation(1)); // in flight while both leave
        foreach (var slave in scenario.Slaves) scenario.Do(slave.Crash);
        scenario.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal(2, scenario.Record.InSync.Length);
        Assert.Null(call.Reply);
        Assert.Equal(5, scenario.At(master).Applied);
        var another = scenario.Soon(scenario.Send(master, scenario.Operation(2)));
        Assert.Equal((ReplyKind.NotTaken, RefusalReason.TooFewInSync), (another!.Kind, another.Refusal)); // without a lease it cannot say more
        scenario.Heal();
        Assert.True(call.IsAnswered);
    });

    /// <summary>The same for what a new master inherits: alone in sync, it makes nothing of it stable (W4).</summary>
    [Fact]
    public void StrictGroup_WhoseNewMasterIsAlone_AppliesNothingThatItInherited() => Scenario.Play(() =>
    {
        var scenario = new Scenario(new GroupShape(2, ReplicationMode.Synchronous, 2));
        scenario.Change(5);
        scenario.UntilAllRest();
        var (master, next) = (scenario.Master, scenario.Slaves[0]);
        scenario.Lose(next, master, m => m is Replication.AppendReply);
        scenario.Send(master, scenario.Operation(1));
        scenario.Until(() => scenario.At(next).Disk.DurableIndex == scenario.At(master).Disk.Last.Index, "it is on both disks");
        master.Disk.LandsAtCrash = false;
        scenario.Do(master.Crash);
        scenario.Until(() => scenario.At(next).IsMaster, "a new master");
        scenario.Wait(TimeSpan.FromSeconds(5));
        Assert.Equal(5, scenario.At(next).Applied);
        Assert.False(scenario.At(next).IsServing);
        scenario.Heal();
    });

    /// <summary>
    /// Heartbeats of other groups hide a dead group (L3, L4): the master's silo was restarted, and masters another group on the same pair; this group it cannot take up again.
    /// </summary>
    [Fact]
    public void Group_WhoseMasterIsGone_IsTakenOver_ThoughItsSiloIsHeardForOthers() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, nodes: 2, groups: 3);
        var groups = scenario.Cluster.Groups.GroupBy(g => scenario.Cluster.Store.Record(g.Id)!.Master).First(g => g.Count() > 1).ToList();
        var (dead, alive) = (groups[0], groups[1]);
        scenario.Group = dead;
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Cluster.Store.FateOf = next => next.Group == dead.Id && next.Master == Scenario.NodeOf(master) ? SwapFate.NeverLands : SwapFate.Answered;
        scenario.Do(master.Crash);
        scenario.Do(() => master.Start());
        scenario.Group = alive;
        scenario.Until(() => scenario.Master == master && scenario.At(master).IsServing, "the other group is served again");
        scenario.Group = dead;
        scenario.Until(() => scenario.Master == slave && scenario.At(slave).IsServing, "the slave takes over", 5);
        scenario.Cluster.Store.FateOf = null;
        scenario.Heal();
    });

    /// <summary>A group that rested is looked at again by its next operation: what the slave owes it only since then (G5).</summary>
    [Fact]
    public void Slave_OfAGroupThatRested_IsNotTakenOutByTheNextOperation() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        scenario.UntilAllRest();
        var version = scenario.Record.Version;
        for (var i = 0; i < 10; i++)
        {
            scenario.Wait(TimeSpan.FromSeconds(10));
            scenario.Change();
        }

        scenario.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal(version, scenario.Record.Version);
        scenario.Heal();
    });

    /// <summary>The same for its lease: a slave's silo competes for one group, and must confirm the others anew; they have rested (G5, L3).</summary>
    [Fact]
    public void Slave_ThatCompetesForOneGroup_IsNotTakenOutOfOthersThatRest() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, nodes: 2, groups: 3);
        scenario.Wait(TimeSpan.FromSeconds(10));
        var groups = scenario.Cluster.Groups.GroupBy(g => scenario.Cluster.Store.Record(g.Id)!.Master).First(g => g.Count() > 1).ToList();
        scenario.Group = groups[0];
        var (version, slave, master) = (scenario.Record.Version, scenario.Slaves[0], scenario.Master);
        scenario.Do(() => Assert.True(slave.Silo!.Liveness.TryBeginCompeting(Scenario.NodeOf(master), life: 0, since: TimeSpan.Zero)));
        scenario.Wait(TimeSpan.FromSeconds(3));
        Assert.Equal(version, scenario.Record.Version);
        scenario.Heal();
    });

    /// <summary>
    /// How far a slave lags is known only when its log was found to agree with the new master's (G5): a group that is older than the lag allowed keeps its healthy
    /// slaves at a failover, in one swap.
    /// </summary>
    [Theory, InlineData(3), InlineData(2)]
    public void HealthySlave_OfAnOldGroup_StaysInSync_AtAFailover(int afterwards) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three, limits: l => l with { MaxSlaveLagEntries = 10, Snapshots = new Commit.SnapshotTrigger(1_000, 1 << 20) });
        scenario.Change(60);
        scenario.Wait(TimeSpan.FromSeconds(1));
        var (former, version) = (scenario.Master, scenario.Record.Version);
        scenario.Do(former.Crash);
        scenario.Until(() => scenario.Master != former, "another master");
        scenario.Change(afterwards);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal((version + 1, 2), (scenario.Record.Version, scenario.Record.InSync.Length));
            scenario.Wait(TimeSpan.FromMilliseconds(100));
        }

        scenario.Heal();
        Assert.Equal(version + 2, scenario.Record.Version); // the old master came back
    });

    /// <summary>The next swap is unknown and lands after a second; until then, those that would settle it are lost. Whether it has begun.</summary>
    private static Func<bool> FirstSwapLandsLate(Scenario scenario)
    {
        scenario.Cluster.Store.LandsAfter = TimeSpan.FromSeconds(1);
        var (begun, version) = (false, scenario.Record.Version);
        scenario.Cluster.Store.FateOf = _ =>
        {
            if (scenario.Record.Version > version) return null;
            if (begun) return SwapFate.NeverLands;
            begun = true;
            return SwapFate.LandsLater;
        };
        return () => begun;
    }
}
