using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of states that become different though the logs are the same (W11).</summary>
public sealed class DigestTests
{
    [Fact]
    public void SlaveWhoseStateDiffers_IsRebuiltFromItsMasters_AndLosesNothing() => Scenario.Play(() =>
    {
        var (scenario, slave) = Begin();
        slave.GoesAstray = true;
        scenario.Change(3);
        slave.GoesAstray = false;
        Assert.True(scenario.At(slave).Hidden > 0);
        scenario.Change(15);
        scenario.Until(() => Count(scenario, "state rebuilt") == 1, "its state is replaced");
        scenario.UntilAllRest();
        Assert.Equal((1, 1), (Count(scenario, "state differs"), Count(scenario, "state rebuilt")));
        Assert.Equal(0, scenario.At(slave).Hidden);
        Assert.Equal(scenario.At(scenario.Master).Applied, scenario.At(slave).Applied);
        Assert.Equal(2, scenario.Record.InSync.Length); // its log was right all the time
        scenario.Heal();
    });

    [Fact]
    public void WhileItsStateIsReplaced_ASlaveServesNoRead_AndTakesNoOffice() => Scenario.Play(() =>
    {
        var (scenario, slave) = Begin();
        var master = scenario.Master;
        slave.GoesAstray = true;
        scenario.Lose(master, slave, m => m is InstallRequest { StateOnly: true });
        scenario.Change(20);
        scenario.Until(() => Count(scenario, "state differs") == 1, "a difference");
        Assert.Equal(1, Count(scenario, "state differs"));
        Assert.NotEqual(Contracts.ReplyKind.Answered, scenario.Soon(scenario.Read(slave, masterOnly: false))?.Kind);
        scenario.Do(master.Crash);
        scenario.Wait(TimeSpan.FromSeconds(5));
        Assert.Equal(master, scenario.Master);
        slave.GoesAstray = false;
        scenario.Heal();
    });

    /// <summary>A state that is written otherwise each time cannot be mended, and is no reason to rebuild for ever.</summary>
    [Fact]
    public void StateThatDiffersAgain_IsReported_AndNotRebuiltAgain() => Scenario.Play(() =>
    {
        var (scenario, slave) = Begin();
        slave.WritesOtherwise = true;
        scenario.Change(20);
        scenario.Until(() => Count(scenario, "state rebuilt") == 1, "its state is replaced");
        scenario.Change(40);
        scenario.UntilAllRest();
        Assert.Equal((2, 1), (Count(scenario, "state differs"), Count(scenario, "state rebuilt")));
        Assert.Equal(2, scenario.Record.InSync.Length);
        scenario.Heal();
    });

    /// <summary>A Dictionary that was restored is in another order, and would be again: it is told once, and the slave serves on.</summary>
    [Fact]
    public void StateOfTheSameValues_InAnotherOrder_IsToldOnce_AndNotRebuilt() => Scenario.Play(() =>
    {
        var (scenario, slave) = Begin();
        slave.OrdersOtherwise = true;
        scenario.Change(40);
        scenario.UntilAllRest();
        Assert.Equal((1, 0, 0), (Count(scenario, "order differs"), Count(scenario, "state differs"), Count(scenario, "state rebuilt")));
        scenario.Wait(TimeSpan.FromSeconds(1)); // its master vouches for it
        Assert.Equal(Contracts.ReplyKind.Answered, scenario.Soon(scenario.Read(slave, masterOnly: false))?.Kind);
        slave.GoesAstray = true;
        scenario.Change(3);
        slave.GoesAstray = false;
        scenario.Change(20);
        scenario.Until(() => Count(scenario, "state rebuilt") == 1, "a difference of values is found all the same");
        scenario.Heal();
    });

    [Fact]
    public void Replicas_ThatCameByEveryWay_HaveTheSameDigests() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three, limits: l => l with { Snapshots = new SnapshotTrigger(7, long.MaxValue), MaxSlaveLagEntries = 10, Digests = new DigestTrigger(3) });
        scenario.Change(10);
        var (former, slaves) = (scenario.Master, scenario.Slaves);
        scenario.Do(slaves[1].Crash);
        scenario.Change(30);
        scenario.Do(() => slaves[1].Start());
        scenario.UntilAllRest();
        scenario.Do(former.Crash);
        scenario.Change(10);
        scenario.Do(() => former.Start());
        scenario.UntilAllRest();
        scenario.Change(10);
        scenario.Heal();
        Assert.True(Count(scenario, "digest") > 20);
    });

    private static (Scenario Scenario, SimNode Slave) Begin()
    {
        var scenario = new Scenario(Scenario.Pair, limits: l => l with { Digests = new DigestTrigger(5) });
        scenario.Change(7);
        scenario.UntilAllRest();
        scenario.Cluster.MayDiffer = true;
        return (scenario, scenario.Slaves[0]);
    }

    private static long Count(Scenario scenario, string what) => scenario.Cluster.World.Trace.Counts.GetValueOrDefault(what);
}
