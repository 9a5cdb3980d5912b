using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>
/// Histories of user code that fails: what fails on every replica alike is refused before the log, or answered, or put off, and ends
/// nothing; what fails on one silo alone stops that replica alone (W5, D6).
/// </summary>
public sealed class PoisonTests
{
    [Fact]
    public void Operation_ThatCannotBeRead_IsRefusedBeforeTheLog_AndTheGroupGoesOn() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(3);
        var last = scenario.At(scenario.Master).Disk.Last;
        var unreadable = scenario.Operation(1, payload: [SimObject.Unreadable, 0]);

        var reply = scenario.Soon(scenario.Send(scenario.Master, unreadable));

        Assert.Equal((ReplyKind.Refused, RefusalReason.Unsupported), (reply?.Kind, reply?.Refusal));
        Assert.Equal(last, scenario.At(scenario.Master).Disk.Last);
        scenario.Change();
        scenario.Heal();
    });

    /// <summary>The log keeps what no snapshot covers: also a replica that starts anew has everything.</summary>
    [Fact]
    public void State_ThatCannotBeSaved_CostsSnapshotsOnly() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, limits: l => l with { Snapshots = new SnapshotTrigger(5, long.MaxValue) });
        foreach (var node in scenario.Cluster.Nodes) node.UnsavableStates = 1;
        scenario.Change(30);
        Assert.Equal(LogIndex.None, scenario.At(scenario.Master).Disk.Base.Index);
        var former = scenario.Master;
        scenario.Do(former.Crash);
        scenario.Until(() => scenario.Master != former, "another master");
        scenario.Change(3);
        scenario.Do(() => former.Start());
        scenario.UntilAllRest();

        foreach (var node in scenario.Cluster.Nodes) node.UnsavableStates = 0;
        scenario.Change(6);
        Assert.NotEqual(LogIndex.None, scenario.At(scenario.Master).Disk.Base.Index);
        scenario.Heal();
    });

    [Fact]
    public void Master_ThatAloneFailsToApply_StopsAlone() => Scenario.Play(() => StopsAlone(s => s.Master));

    [Fact]
    public void Slave_ThatAloneFailsToApply_StopsAlone() => Scenario.Play(() => StopsAlone(s => s.Slaves[0]));

    private static void StopsAlone(Func<Scenario, SimNode> which)
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(3);
        scenario.Cluster.MayQuarantine = true;
        var failing = which(scenario);
        failing.FailsToApply = true;
        scenario.Change(3);
        Assert.Contains("simulated", scenario.At(failing).Status.Trouble, StringComparison.Ordinal);
        Assert.NotEqual(failing, scenario.Master);
        failing.FailsToApply = false;
        scenario.Do(failing.Crash);
        scenario.Heal();
    }
}
