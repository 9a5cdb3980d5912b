using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>
/// Histories of a group that was made anew over the data of one whose record was lost (I4). Both have the same name, epochs and indexes: nothing but the birth
/// tells them apart.
/// </summary>
public sealed class BirthTests
{
    [Fact]
    public void ReplicaWithData_ThatIsSentEntriesOfAnotherBirth_KeepsItsOwn_AndIsQuarantined() => Play((scenario, old, _, before) =>
    {
        scenario.Do(() => old.Start());
        scenario.Until(() => old.Silo!.Lease is not null, "it is its node");
        scenario.Cluster.Store.CutOff.Add(old.Index); // so that it hears of the new group from its master only
        Refused(scenario, old, before);
    });

    [Fact]
    public void ReplicaWithData_ThatFindsARecordOfAnotherBirth_KeepsItsOwn_AndIsQuarantined() => Play((scenario, old, anew, before) =>
    {
        scenario.Do(anew.Crash);
        scenario.Do(() => old.Start());
        Refused(scenario, old, before);
    });

    /// <summary>A request that was made for the one group is not executed by the other, though it looks new there (W1).</summary>
    [Fact]
    public void Request_ThatNamesAnotherBirth_IsRedirected_AndNotExecuted() => Play((scenario, _, anew, before) =>
    {
        var ledger = scenario.At(anew).Applied;
        var ofBefore = scenario.Operation(1);
        Assert.Equal(ReplyKind.Redirected, scenario.Soon(scenario.Send(anew, Naming(ofBefore, before)))!.Kind);
        Assert.Equal(ReplyKind.Redirected, scenario.Soon(scenario.Send(anew, Naming(ofBefore, GroupBirth.None)))!.Kind);
        var known = scenario.Operation(1, known: new SessionToken(0, new Epoch(1), new LogIndex(3)) { Birth = before });
        Assert.Equal(ReplyKind.Redirected, scenario.Soon(scenario.Send(anew, known))!.Kind);
        Assert.Equal(ledger, scenario.At(anew).Applied);
        Assert.Equal(ReplyKind.Answered, scenario.Soon(scenario.Read(anew, masterOnly: false))!.Kind); // of a client that knows of no group yet
    });

    private static Operation Naming(Operation operation, GroupBirth birth) =>
        new() { Id = operation.Id, AnsweredThrough = operation.AnsweredThrough, Known = operation.Known, Payload = operation.Payload, Birth = birth };

    /// <summary>Two nodes hold a group. Its record is lost, and a node that has lost its disk makes it anew, while the other is down.</summary>
    private static void Play(Action<Scenario, SimNode, SimNode, GroupBirth> go) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, nodes: 2);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1)); // the slave has applied them
        var (anew, old, before) = (scenario.Master, scenario.Slaves[0], scenario.Record.Birth);
        Assert.False(before.IsNone);
        scenario.Cluster.MayQuarantine = true;
        scenario.Do(anew.Crash);
        scenario.Do(old.Crash);
        anew.LoseDisk();
        scenario.Cluster.Store.Forget(scenario.Group.Id);
        scenario.Do(() => anew.Start());
        scenario.Found(anew);
        scenario.Until(() => scenario.At(anew).IsServing, "the group is made anew");
        Assert.NotEqual(before, scenario.Record.Birth);
        go(scenario, old, anew, before);
    });

    private static void Refused(Scenario scenario, SimNode old, GroupBirth before)
    {
        scenario.Until(() => old.Silo!.IsUp && scenario.At(old).Status.Trouble is not null, "quarantine");
        scenario.Wait(TimeSpan.FromSeconds(3));
        Assert.Contains("birth", scenario.At(old).Status.Trouble, StringComparison.Ordinal);
        var disk = old.ContentsOf(scenario.Group.Index);
        Assert.Equal(before, disk.Birth);
        Assert.Equal(5, disk.Entries.Count(e => e.Kind == EntryKind.Operation));
        Assert.DoesNotContain(Scenario.NodeOf(old), scenario.Record.InSync);
    }
}
