using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.Runs;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of silos that stop in order (L6): masters elsewhere wait for nobody who leaves.</summary>
public sealed class StopTests
{
    [Theory, InlineData(2, 1), InlineData(3, 1), InlineData(3, 2)]
    public void NoWriteWaits_ForASlaveWhoseSiloStops(int replicas, int minInSync) => Scenario.Play(() =>
    {
        var scenario = Founded(new GroupShape(replicas, ReplicationMode.Synchronous, minInSync));
        var (slave, epoch) = (scenario.Slaves[0], scenario.Record.Epoch);
        scenario.Do(() => slave.Stop());
        Assert.InRange(LongestWrite(scenario, TimeSpan.FromSeconds(3)), TimeSpan.Zero, TimeSpan.FromMilliseconds(250));
        Assert.False(slave.IsRunning);
        Assert.Equal((epoch, replicas - 1), (scenario.Record.Epoch, scenario.Record.InSync.Length));
        scenario.Heal();
    });

    /// <summary>A resting group, too: the next write finds the slave gone already.</summary>
    [Fact]
    public void SlaveOfARestingGroup_IsTakenOutBeforeItIsGone() => Scenario.Play(() =>
    {
        var scenario = Founded(Scenario.Pair);
        var slave = scenario.Slaves[0];
        scenario.Do(() => slave.Stop());
        scenario.Until(() => !slave.IsRunning, "it ends", seconds: 0.6);
        Assert.Single(scenario.Record.InSync);
        scenario.Heal();
    });

    /// <summary>Its masterships are taken over at once, and the new masters do not wait for it either.</summary>
    [Fact]
    public void NoWriteWaits_ForAMasterWhoseSiloStops() => Scenario.Play(() =>
    {
        var scenario = Founded(Scenario.Three);
        var master = scenario.Master;
        scenario.Do(() => master.Stop());
        scenario.Until(() => scenario.Master != master && scenario.At(scenario.Master).IsServing, "another master", seconds: 0.4);
        Assert.InRange(LongestWrite(scenario, TimeSpan.FromSeconds(3)), TimeSpan.Zero, TimeSpan.FromMilliseconds(250));
        Assert.False(master.IsRunning);
        scenario.Heal();
    });

    /// <summary>Asynchronous mode: what the master had is on the slave, and it says so. Nothing is lost, and nothing is told of a loss (C5).</summary>
    [Fact]
    public void AsyncMasterThatStopsIdle_LosesNothing_AndTellsOfNoLoss() => Scenario.Play(() =>
    {
        var scenario = Founded(new GroupShape(2, ReplicationMode.Asynchronous, 1));
        var master = scenario.Master;
        scenario.Do(() => master.Stop());
        scenario.Until(() => scenario.Master != master && scenario.At(scenario.Master).IsServing, "another master", seconds: 0.4);
        Assert.Equal(0, scenario.Record.DataLossCount);
        Assert.DoesNotContain(scenario.Transcript, line => line.Contains("data loss possible", StringComparison.Ordinal));
        scenario.Change();
        scenario.Until(() => !master.IsRunning, "it ends", seconds: 2);
        scenario.Heal();
    });

    /// <summary>What it answered is not on the slave: that can be lost, and is told.</summary>
    [Fact]
    public void AsyncMasterThatStopsAheadOfItsSlave_TellsOfALoss() => Scenario.Play(() =>
    {
        var scenario = Founded(new GroupShape(2, ReplicationMode.Asynchronous, 1));
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Lose(master, slave, Scenario.IsAppendWithEntries);
        scenario.Change(3);
        scenario.Do(() => master.Stop());
        scenario.Until(() => scenario.Master != master && scenario.At(scenario.Master).IsServing, "another master", seconds: 2);
        Assert.Equal(1, scenario.Record.DataLossCount);
        scenario.Until(() => !master.IsRunning, "it ends", seconds: 2);
        scenario.Heal();
    });

    /// <summary>In strict mode it cannot be taken out below the least number: it stays to the deadline, and then ends.</summary>
    [Fact]
    public void SlaveThatMayNotBeTakenOut_LeavesAtTheDeadline() => Scenario.Play(() =>
    {
        var scenario = Founded(new GroupShape(2, ReplicationMode.Synchronous, 2));
        var slave = scenario.Slaves[0];
        scenario.Do(() => slave.Stop());
        scenario.Wait(TimeSpan.FromMilliseconds(500));
        scenario.Change(); // it still acknowledges
        scenario.Until(() => !slave.IsRunning, "it ends", seconds: 0.7);
        Assert.Equal(2, scenario.Record.InSync.Length);
        scenario.Heal();
    });

    /// <summary>A store that is slow, or away: the slave goes on acknowledging meanwhile, up to its deadline.</summary>
    [Fact]
    public void SlaveWhoseShrinkTakesItsTime_GoesOnAcknowledging() => Scenario.Play(() =>
    {
        var scenario = Founded(Scenario.Pair);
        var slave = scenario.Slaves[0];
        scenario.Cluster.Store.CutOff.Add(scenario.Master.Index);
        scenario.Do(() => slave.Stop());
        Assert.InRange(LongestWrite(scenario, TimeSpan.FromMilliseconds(700)), TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
        scenario.Cluster.Store.CutOff.Clear();
        scenario.Until(() => !slave.IsRunning, "it ends", seconds: 1);
        scenario.Heal();
    });

    /// <summary>That one life left says nothing of the next one, also when its last messages come late and doubled.</summary>
    [Fact]
    public void NodeThatComesBack_IsTakenIn_ThoughLateMessagesSayThatItLeaves() => Scenario.Play(() =>
    {
        var scenario = Founded(Scenario.Pair);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Double(slave, master, m => m is Liveness.HeartbeatReply { Leaving: true } or Liveness.Heartbeat { Leaving: true });
        scenario.Do(() => slave.Stop());
        scenario.Until(() => !slave.IsRunning, "it ends", seconds: 1);
        scenario.EndScript();
        scenario.Do(() => slave.Start());
        scenario.UntilAllRest();
        scenario.Do(scenario.Cluster.Network.ReleaseHeld);
        var version = scenario.Record.Version;
        scenario.Change(3);
        scenario.Wait(TimeSpan.FromSeconds(3));
        Assert.Equal(version, scenario.Record.Version);
        scenario.Heal();
    });

    /// <summary>Whoever starts next, perhaps with other code, has nothing to replay.</summary>
    [Theory, InlineData(ReplicationMode.Synchronous), InlineData(ReplicationMode.Asynchronous)]
    public void SilosThatStop_LeaveSnapshotsOfAllThatWasApplied(ReplicationMode mode) => Scenario.Play(() =>
    {
        var scenario = Founded(new GroupShape(2, mode, 1));
        var nodes = scenario.Slaves.Prepend(scenario.Master).ToList();
        foreach (var node in nodes)
        {
            Assert.Equal(0, node.ContentsOf(0).Base.Index.Value);
            scenario.Do(() => node.Stop());
        }

        scenario.Until(() => nodes.All(n => !n.IsRunning), "they end", seconds: 3);
        Assert.All(nodes, n => Assert.DoesNotContain(n.ContentsOf(0).Entries, e => e.Kind == Journal.EntryKind.Operation));
        scenario.Heal();
    });

    private static Scenario Founded(GroupShape shape)
    {
        var scenario = new Scenario(shape);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        return scenario;
    }

    /// <summary>One write after the other for a while: the longest that one took.</summary>
    private static TimeSpan LongestWrite(Scenario scenario, TimeSpan time)
    {
        var longest = TimeSpan.Zero;
        for (var began = scenario.UtcNow; scenario.UtcNow - began < time;)
        {
            var at = scenario.UtcNow;
            scenario.Change();
            if (scenario.UtcNow - at > longest) longest = scenario.UtcNow - at;
            scenario.Wait(TimeSpan.FromMilliseconds(5));
        }

        return longest;
    }
}
