using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of a new version of the application: what it replays of the old one's is known, and as little as can be (D6, W11).</summary>
public sealed class UpgradeTests
{
    private const string Applies = "applies for another version";

    [Fact]
    public void NodeThatWasKilled_ReplaysWhatTheOldVersionAccepted_AndSaysSo() => Scenario.Play(() =>
    {
        var (scenario, slave) = Begin();
        scenario.Do(slave.Crash);
        Upgrade(scenario, slave);
        Assert.Equal(1, Count(scenario, Applies));
        scenario.Heal();
    });

    [Fact]
    public void NodeThatStoppedInOrder_ReplaysNothing() => Scenario.Play(() =>
    {
        var (scenario, slave) = Begin();
        scenario.Do(() => slave.Stop());
        scenario.Until(() => !slave.IsRunning, "it ends", seconds: 3);
        Upgrade(scenario, slave);
        Assert.Equal(0, Count(scenario, Applies));
        Assert.Equal(7, scenario.At(slave).Applied);
        scenario.Heal();
    });

    /// <summary>The version of entries below the base is in the snapshot.</summary>
    [Fact]
    public void VersionOfAMastership_IsKnown_ThoughItsBarrierIsBelowTheBase() => Scenario.Play(() =>
    {
        var (scenario, slave) = Begin();
        scenario.Do(() => slave.Stop());
        scenario.Until(() => !slave.IsRunning, "it ends", seconds: 3);
        scenario.Do(() => slave.Start()); // as before
        scenario.UntilAllRest();
        scenario.Change(3);
        scenario.UntilAllRest();
        scenario.Do(slave.Crash);
        Upgrade(scenario, slave);
        Assert.Equal(1, Count(scenario, Applies));
        scenario.Heal();
    });

    /// <summary>In a rolling upgrade the same state may be written otherwise.</summary>
    [Fact]
    public void DigestsOfDifferentVersions_AreNotCompared() => Scenario.Play(() =>
    {
        var (scenario, slave) = Begin();
        scenario.Do(slave.Crash);
        slave.WritesOtherwise = true;
        Upgrade(scenario, slave);
        scenario.Change(20);
        scenario.UntilAllRest();
        Assert.Equal(0, Count(scenario, "state differs"));
        scenario.Heal();
    });

    private static (Scenario Scenario, SimNode Slave) Begin()
    {
        var scenario = new Scenario(Scenario.Pair, limits: l => l with { Digests = new DigestTrigger(5) });
        scenario.Change(7);
        scenario.UntilAllRest();
        return (scenario, scenario.Slaves[0]);
    }

    private static void Upgrade(Scenario scenario, SimNode node)
    {
        node.Version = "2";
        scenario.Do(() => node.Start());
        scenario.UntilAllRest();
    }

    private static long Count(Scenario scenario, string what) => scenario.Cluster.World.Trace.Counts.GetValueOrDefault(what);
}
