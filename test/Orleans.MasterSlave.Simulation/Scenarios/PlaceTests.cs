using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of where replicas live: groups that get more of them (G8), and replicas that are not where their ids say (W3).</summary>
public sealed class PlaceTests
{
    /// <summary>Two of its three nodes lack the class when the group is made, as in a rolling upgrade that brings it; they get it one after the other.</summary>
    [Fact]
    public void Group_WithTooFewReplicas_GetsTheOthers_WhenSilosHaveTheClass() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three, founded: false);
        var nodes = scenario.Cluster.Nodes;
        foreach (var node in nodes.Skip(1)) scenario.Cluster.WithoutClass.Add(Scenario.NodeOf(node));
        _ = scenario.AskToFound(nodes[0], scenario.Group.Plan with { Replicas = [Scenario.NodeOf(nodes[0])] });
        scenario.Until(() => scenario.Cluster.Store.Record(scenario.Group.Id) is not null && scenario.At(nodes[0]).IsServing, "a master");
        scenario.Change(3);
        scenario.Wait(TimeSpan.FromSeconds(3));
        Assert.Single(scenario.Record.Replicas);

        scenario.Cluster.WithoutClass.Remove(Scenario.NodeOf(nodes[2]));
        scenario.Until(() => scenario.Record.IsInSync(Scenario.NodeOf(nodes[2])), "the second one is in sync", seconds: 2);
        Assert.Equal(2, scenario.Record.Replicas.Length);
        scenario.Change(3);
        scenario.Cluster.WithoutClass.Clear();
        scenario.UntilAllRest();
        Assert.Equal(3, scenario.Record.InSync.Length);
        scenario.Heal();
    });

    /// <summary>A node that entered is one like the others: it becomes master, and nothing is lost.</summary>
    [Fact]
    public void Node_ThatEnteredLate_TakesOver() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, founded: false);
        var (first, second) = (scenario.Cluster.Nodes[0], scenario.Cluster.Nodes[1]);
        _ = scenario.AskToFound(first, scenario.Group.Plan with { Replicas = [Scenario.NodeOf(first)] });
        scenario.UntilAllRest();
        scenario.Change(5);
        scenario.Do(first.Crash);
        scenario.Until(() => scenario.Master == second && scenario.At(second).IsServing, "the one that entered is master");
        scenario.Change();
        scenario.Heal();
    });

    /// <summary>
    /// A silo that takes the grain for one that is not replicated puts every replica wherever it likes: here all calls reach one node. It
    /// must not be counted as two.
    /// </summary>
    [Fact]
    public void WhatIsForOneNode_AndReachesAnother_IsNotTaken() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(3);
        var (lost, other) = (scenario.Slaves[0], scenario.Slaves[1]);
        scenario.Cluster.Network.Misdirect = to => to == lost.Index ? other.Index : to;
        scenario.Send(scenario.Master, scenario.Operation(1));
        scenario.Wait(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(scenario.Group.Checker.All.Keys, id => id.Client == SimIds.Client(77)); // not on three disks
        scenario.Until(() => !scenario.Record.IsInSync(Scenario.NodeOf(lost)), "it is out of sync", seconds: 10);
        scenario.Wait(TimeSpan.FromSeconds(15));
        Assert.False(scenario.Record.IsInSync(Scenario.NodeOf(lost)));
        scenario.Cluster.Network.Misdirect = null;
        scenario.Heal();
    });

    /// <summary>Not even where no answer is waited for: it leaves no trace in the log of the node that it reached.</summary>
    [Fact]
    public void AppendForAnotherNode_IsNotWritten() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(3);
        scenario.Wait(TimeSpan.FromSeconds(1));
        var (meant, reached, record) = (scenario.Slaves[0], scenario.Slaves[1], scenario.Record);
        var last = scenario.At(reached).Disk.Last;
        scenario.Send(reached, new AppendRequest
        {
            Header = new MasterHeader(record.Claim.Life, record.Store, record.Epoch, record.DataLossCount, record.Version, InSync: true)
            {
                Birth = record.Birth, Receiver = Scenario.NodeOf(meant),
            },
            Previous = last,
            Stable = last.Index,
            Entries = [new LogEntry { Kind = EntryKind.Operation, Position = new LogPosition(record.Epoch, last.Index.Next()), TimeUtc = scenario.UtcNow, Payload = new byte[8] }],
        });
        scenario.Wait(TimeSpan.FromMilliseconds(100));
        Assert.Equal(last, scenario.At(reached).Disk.Last);
        scenario.Heal();
    });

    /// <summary>The same, of an answer: a node's word counts for itself only, whoever was asked.</summary>
    [Fact]
    public void WordOfAnotherNode_CountsForNobody() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(3);
        var (lost, other) = (scenario.Slaves[0], scenario.Slaves[1]);
        scenario.Cluster.Network.Misdirect = to => to == lost.Index ? other.Index : to;
        scenario.Cluster.Network.Readdress = (to, request) => request is AppendRequest append
            ? new AppendRequest { Header = append.Header with { Receiver = to }, Previous = append.Previous, Stable = append.Stable, Entries = append.Entries, Replicated = append.Replicated }
            : request;
        scenario.Send(scenario.Master, scenario.Operation(1));
        scenario.Wait(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(scenario.Group.Checker.All.Keys, id => id.Client == SimIds.Client(77));
        (scenario.Cluster.Network.Misdirect, scenario.Cluster.Network.Readdress) = (null, null);
        scenario.Heal();
    });

    /// <summary>A record that counts a node twice is nobody's work: it is not obeyed.</summary>
    [Fact]
    public void RecordThatCountsANodeTwice_IsNotObeyed() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change();
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Cluster.MayQuarantine = true;
        var record = scenario.Record;
        foreach (var node in new[] { master, slave }) scenario.Do(node.Crash);
        scenario.Cluster.Store.Restore(record with { InSync = [record.Master, record.Master], Version = record.Version + 1 });
        scenario.Do(() => master.Start());
        scenario.Until(() => master.Silo!.IsUp && scenario.At(master).Status.Trouble is not null, "it is quarantined");
        Assert.Contains("counts a node in sync twice", scenario.At(master).Status.Trouble, StringComparison.Ordinal);
    });
}
