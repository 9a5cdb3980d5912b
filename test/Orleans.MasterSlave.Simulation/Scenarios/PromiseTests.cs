using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of replicas that end and start anew while their process lives: what it has promised binds each of them (L4).</summary>
public sealed class PromiseTests
{
    [Fact]
    public void Slave_OfARestingGroup_ThatStartsAnew_KeepsTheMaster() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(10));
        var (master, slave, version) = (scenario.Master, scenario.Slaves[0], scenario.Record.Version);
        StartAnew(scenario, slave);
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(ReplyKind.Answered, scenario.MasterReadAt(master)?.Kind);
            scenario.Wait(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal(version, scenario.Record.Version);
        Assert.Equal(5, scenario.At(slave).Applied); // the master told it the stable point, though the group rests
        scenario.Heal();
    });

    /// <summary>The same when not even an append reaches it: the master's lease goes on by heartbeats alone.</summary>
    [Theory, InlineData(1), InlineData(3)]
    public void Slave_ThatStartsAnew_AndGetsHeartbeatsOnly_LetsTheMasterBe(int times) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave, epoch) = (scenario.Master, scenario.Slaves[0], scenario.Record.Epoch);
        scenario.Lose(master, slave, m => m is Replication.AppendRequest);
        for (var i = 0; i < times; i++)
        {
            StartAnew(scenario, slave);
            scenario.Wait(TimeSpan.FromSeconds(2));
        }

        Assert.Equal(epoch, scenario.Record.Epoch);
        Assert.Equal(ReplyKind.Answered, scenario.MasterReadAt(master)?.Kind);
        scenario.Heal();
    });

    /// <summary>Patience is taken over too: a slave that starts anew does not wait from its own start for a master that died before.</summary>
    [Fact]
    public void Slave_ThatStartsAnewAfterItsMasterDied_DoesNotWaitLonger() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Do(() => _ = slave.Silo!.EndReplicaAsync(scenario.Group.Id));
        scenario.Do(master.Crash);
        scenario.Wait(TimeSpan.FromSeconds(2));
        scenario.Read(slave, masterOnly: false);
        scenario.Until(() => slave.Silo!.OfOrNull(scenario.Group.Index)?.Replica.IsServing == true, "the slave takes over", seconds: 0.5);
        scenario.Heal();
    });

    /// <summary>A resignation that comes while no replica is here binds the next one as well: its silo is heard for other groups, and nobody else would end the wait.</summary>
    [Fact]
    public void Resignation_ThatCameBetweenTwoReplicas_IsKnownToTheNext() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, nodes: 2, groups: 3);
        var groups = scenario.Cluster.Groups.GroupBy(g => scenario.Cluster.Store.Record(g.Id)!.Master).First(g => g.Count() > 1).ToList();
        scenario.Group = groups[0]; // the other one keeps the heartbeats going
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Do(() => _ = slave.Silo!.EndReplicaAsync(scenario.Group.Id));
        scenario.Wait(TimeSpan.FromMilliseconds(20));
        scenario.Do(() => _ = master.Silo!.EndReplicaAsync(scenario.Group.Id));
        scenario.Wait(TimeSpan.FromSeconds(1));
        scenario.Read(slave, masterOnly: false);
        scenario.Until(() => slave.Silo!.OfOrNull(scenario.Group.Index)?.Replica.IsServing == true, "the slave takes over", seconds: 0.5);
        scenario.Read(master, masterOnly: false);
        scenario.Heal();
    });

    /// <summary>
    /// What binds nobody any more is forgotten (bounded memory), and then a master that is heard again holds no lease by it: it must ask anew.
    /// </summary>
    [Fact]
    public void Master_ThatIsHeardAgain_HoldsNoLeaseByWhatWasForgotten() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Do(() => _ = slave.Silo!.EndReplicaAsync(scenario.Group.Id));
        scenario.Isolate(master); // from the store too: it cannot take the slave out
        scenario.Until(() => slave.Silo!.Liveness.FollowedGroups == 0, "the slave's process forgets");
        scenario.Lose(master, slave, m => m is Replication.AppendRequest);
        scenario.Cluster.Network.HealAll();
        scenario.Wait(TimeSpan.FromSeconds(1));
        Assert.NotEqual(ReplyKind.Answered, scenario.MasterReadAt(master)?.Kind);
        scenario.Heal();
    });

    private static void StartAnew(Scenario scenario, SimNode node)
    {
        scenario.Do(() => _ = node.Silo!.EndReplicaAsync(scenario.Group.Id));
        scenario.Wait(TimeSpan.FromMilliseconds(20));
        scenario.Read(node, masterOnly: false);
        scenario.Wait(TimeSpan.FromMilliseconds(20));
    }
}
