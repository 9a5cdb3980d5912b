using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>
/// Histories of disks that do not read what they hold: whoever meets it, the log has failed for good, as after a failed sync (D2).
/// </summary>
public sealed class ReadErrorTests
{
    /// <summary>What was appended may be on another disk already: its caller is never told that it was not executed (W8).</summary>
    [Fact]
    public void Master_ThatCannotReadWhatASlaveNeeds_Resigns_AndSaysUnknownOfWhatItAppended() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three, limits: l => l with { MaxBatchEntries = 1, MaxBatchesInFlight = 1 });
        scenario.Change(3);
        var (former, lagging) = (scenario.Master, scenario.Slaves[1]);
        scenario.Do(lagging.Crash);
        scenario.Change(20);
        scenario.Hold(former, lagging, Scenario.IsAppendWithEntries);
        scenario.Do(() => lagging.Start());
        var other = scenario.Slaves.First(s => s != lagging);
        scenario.Wait(TimeSpan.FromMilliseconds(500)); // one batch is on its way
        scenario.Hold(former, other, Scenario.IsAppendWithEntries);
        former.Disk.FailsToRead = true;
        var call = scenario.Send(former, scenario.Operation(1));
        scenario.Wait(TimeSpan.FromMilliseconds(10));
        Assert.Null(call.Reply);

        scenario.EndScript();
        scenario.Until(() => call.Reply is not null, "a reply");

        Assert.Equal(ReplyKind.Unknown, call.Reply!.Kind);
        Assert.Contains("does not read", scenario.At(former).Status.Trouble, StringComparison.Ordinal);
        scenario.Until(() => scenario.Master == other && scenario.At(other).IsServing, "another master");
        GoOnWithANewLife(scenario, former);
    });

    [Fact]
    public void Slave_ThatCannotReadWhatItIsToApply_StopsAlone() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(3);
        var slave = scenario.Slaves[0];
        slave.ApplyTime = TimeSpan.FromMilliseconds(300);
        scenario.Change(10);
        slave.Disk.FailsToRead = true;
        scenario.Until(() => scenario.At(slave).Status.Trouble is not null, "it stops");
        Assert.Contains("does not read", scenario.At(slave).Status.Trouble, StringComparison.Ordinal);
        scenario.Change();
        GoOnWithANewLife(scenario, slave);
    });

    private static void GoOnWithANewLife(Scenario scenario, SimNode node)
    {
        scenario.Do(node.Crash);
        scenario.Heal();
    }
}
