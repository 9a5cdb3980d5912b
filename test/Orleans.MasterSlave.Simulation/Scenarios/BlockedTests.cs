using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Runs;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>
/// Histories of user code that blocks its replica's thread while the silo's heartbeats go on: another replica takes over, and what the
/// blocked one had begun is answered by nobody who is not master any more (L6, R3).
/// </summary>
public sealed class BlockedTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(10);

    [Fact]
    public void Master_WhoseThreadIsBlocked_IsSucceeded_WithinASecondOfTheLimit() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(5);
        var former = scenario.Master;
        scenario.Do(former.Silo!.Block);
        scenario.Wait(scenario.Cluster.Options.ApplyTimeout - TimeSpan.FromMilliseconds(100));
        Assert.Equal(former, scenario.Master); // it may still end in time
        scenario.Until(() => scenario.Master != former && scenario.At(scenario.Master).IsServing, "another master", seconds: 1.1);
        scenario.Change();
        GoOnWithANewLife(scenario, former);
    });

    [Fact]
    public void MasterRead_ThatBlockedItsThread_IsNotAnswered_WhenTheOfficeWasGivenUp() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var former = scenario.Master;
        scenario.Lose(scenario.Slaves[0], former, m => m is AppendRequest); // nobody tells it who is master now
        former.ReadTime = TimeSpan.FromMilliseconds(50);
        var read = scenario.Read(former, masterOnly: true);
        scenario.Wait(Moment); // it has seen the state
        scenario.Do(former.Silo!.Block);
        scenario.Until(() => scenario.Master != former && scenario.At(scenario.Master).IsServing, "another master");
        scenario.Change();
        scenario.Cluster.MayQuarantine = true;
        scenario.Do(former.Silo!.Resume);
        scenario.Wait(Moment);
        Assert.NotNull(read.Reply);
        Assert.False(read.IsAnswered);
        GoOnWithANewLife(scenario, former);
    });

    [Fact]
    public void AsyncOperation_ThatBlockedItsThread_IsNotAnswered_WhenTheOfficeWasGivenUp() => Scenario.Play(() =>
    {
        var scenario = new Scenario(new GroupShape(2, ReplicationMode.Asynchronous, 1));
        scenario.Change(5);
        var (former, next) = (scenario.Master, scenario.Slaves[0]);
        scenario.Lose(former, next, Scenario.IsAppendWithEntries);
        scenario.Lose(next, former, m => m is AppendRequest);
        former.ApplyTime = TimeSpan.FromMilliseconds(50);
        var call = scenario.Send(former, scenario.Operation(1));
        scenario.Wait(Moment); // it is being applied
        scenario.Do(former.Silo!.Block);
        scenario.Until(() => scenario.Master == next && scenario.At(next).IsServing, "another master");
        scenario.Cluster.MayQuarantine = true;
        scenario.Do(former.Silo!.Resume);
        scenario.Wait(Moment);
        Assert.Equal(ReplyKind.Unknown, call.Reply?.Kind);
        GoOnWithANewLife(scenario, former);
    });

    /// <summary>What the thread did not let through is not judged by who could not look either (L8).</summary>
    [Fact]
    public void Process_ThatWasPausedInAnOperation_KeepsItsOffice_WhenItIsTheOnlyOne() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var former = scenario.Master;
        scenario.Do(scenario.Slaves[0].Crash);
        scenario.Wait(TimeSpan.FromSeconds(3)); // alone in sync
        scenario.Do(former.Silo!.Block);
        scenario.Do(former.Silo!.Pause);
        scenario.Wait(scenario.Cluster.Options.ApplyTimeout * 2);
        scenario.Do(former.Silo!.Heartbeats.Resume);
        scenario.Wait(TimeSpan.FromSeconds(1));
        scenario.Do(former.Silo!.Resume);
        scenario.Change();
        Assert.Equal(former, scenario.Master);
        scenario.Heal();
    });

    /// <summary>A quarantined replica serves no more until its silo is started again.</summary>
    private static void GoOnWithANewLife(Scenario scenario, Nodes.SimNode node)
    {
        scenario.Do(node.Crash);
        scenario.Heal();
    }
}
