using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Somebody is told when a group has fewer replicas in sync than asked for, why, and when it is over.</summary>
public sealed class AbsenceTests
{
    [Fact]
    public void SlaveThatIsDown_IsToldOnce_AndThatItIsBack() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(3);
        var slave = scenario.Slaves[0];
        scenario.Do(slave.Crash);
        scenario.Until(() => scenario.Record.InSync.Length == 1, "it is out of sync");
        scenario.Wait(TimeSpan.FromSeconds(4));
        Assert.Empty(Told(scenario));
        scenario.Wait(TimeSpan.FromSeconds(60)); // nobody calls
        Assert.Contains("node 00000002 is down", Assert.Single(Told(scenario)), StringComparison.Ordinal);
        scenario.Do(() => slave.Start());
        scenario.UntilAllRest();
        scenario.Wait(TimeSpan.FromSeconds(1));
        Assert.Single(scenario.Transcript, line => line.Contains("all in sync", StringComparison.Ordinal));
        scenario.Heal();
    });

    /// <summary>It never was in sync, since the group was made; and no one calls.</summary>
    [Fact]
    public void ReplicaThatNeverWas_IsTold_WithItsReason() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, founded: false);
        var (first, second) = (scenario.Cluster.Nodes[0], scenario.Cluster.Nodes[1]);
        scenario.Cluster.WithoutClass.Add(Scenario.NodeOf(second));
        _ = scenario.AskToFound(first, scenario.Group.Plan with { Replicas = [Scenario.NodeOf(first)] });
        scenario.Until(() => scenario.Cluster.Store.Record(scenario.Group.Id) is not null, "a record");
        scenario.Wait(TimeSpan.FromSeconds(7));
        Assert.Contains("no further silo", Assert.Single(Told(scenario)), StringComparison.Ordinal);
        scenario.Cluster.WithoutClass.Clear();
        scenario.Heal();
    });

    /// <summary>Heartbeats pass, and the replica says that it cannot follow; later its silo falls silent: another reason is told again.</summary>
    [Fact]
    public void ReplicaThatCannotFollow_IsToldWithWhatItSays_AndAnotherReasonAgain() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(3);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Cluster.MayQuarantine = true;
        var silo = slave.Silo!;
        silo.Lane.Post(() => silo.Of(scenario.Group.Id).Replica.Fail("its disk is odd", new InvalidOperationException("simulated")));
        scenario.Wait(TimeSpan.FromSeconds(10));
        Assert.Contains("cannot follow (its disk is odd)", Assert.Single(Told(scenario)), StringComparison.Ordinal);
        scenario.Cluster.Network.Cut(master.Index, slave.Index);
        scenario.Wait(TimeSpan.FromSeconds(60));
        Assert.Contains("does not answer heartbeats", Told(scenario)[^1], StringComparison.Ordinal);
        Assert.Equal(2, Told(scenario).Count);
    });

    private static IReadOnlyList<string> Told(Scenario scenario) => [.. scenario.Transcript.Where(line => line.Contains("replicas missing", StringComparison.Ordinal))];
}
