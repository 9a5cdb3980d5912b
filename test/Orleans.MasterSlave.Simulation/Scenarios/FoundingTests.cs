using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.World;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of a group whose record was lost, and that a caller wants while other nodes than before are chosen for it (I4).</summary>
public sealed class FoundingTests
{
    [Fact]
    public void NodeThatJoined_DoesNotFoundAGroup_OfWhichAnotherNodeHoldsData() => Play((scenario, holder, joined) =>
    {
        var creation = Ask(scenario, joined);
        scenario.Until(() => creation.Reply is not null, "an answer");
        Assert.Null(creation.Reply!.Record);
        Assert.Equal([$"{Scenario.NodeOf(holder)}"], creation.Reply.Holders);
        Assert.Null(scenario.Cluster.Store.Record(scenario.Group.Id));
    });

    /// <summary>The node that holds data is cut off for a moment: the creation waits for its answer.</summary>
    [Fact]
    public void NodeThatDoesNotAnswerAtOnce_IsWaitedFor() => Play((scenario, holder, joined) =>
    {
        Cut(scenario, holder, joined);
        var creation = Ask(scenario, joined);
        scenario.Wait(TimeSpan.FromSeconds(1.5));
        Assert.Null(creation.Reply);
        scenario.Cluster.Network.HealAll();
        scenario.Until(() => creation.Reply is not null, "an answer");
        Assert.Null(creation.Reply!.Record);
        Assert.Null(scenario.Cluster.Store.Record(scenario.Group.Id));
    });

    /// <summary>One node that hangs must not stop all new groups for ever: what it may hold is not known, and a warning says so.</summary>
    [Fact]
    public void NodeThatDoesNotAnswerAtAll_HoldsACreationUpForAFewSeconds() => Play((scenario, holder, joined) =>
    {
        Cut(scenario, holder, joined);
        var creation = Ask(scenario, joined);
        scenario.Wait(TimeSpan.FromSeconds(2.9));
        Assert.Null(scenario.Cluster.Store.Record(scenario.Group.Id));
        scenario.Until(() => creation.Reply is not null, "an answer", seconds: 3);
        Assert.NotNull(creation.Reply!.Record);
        Assert.Contains(scenario.Transcript, line => line.Contains("founded unasked", StringComparison.Ordinal));
    });

    private static Creation Ask(Scenario scenario, SimNode joined) =>
        scenario.AskToFound(joined, scenario.Group.Plan with { Replicas = [Scenario.NodeOf(joined)] });

    private static void Cut(Scenario scenario, SimNode one, SimNode other)
    {
        scenario.Cluster.Network.Cut(one.Index, other.Index);
        scenario.Cluster.Network.Cut(other.Index, one.Index);
    }

    /// <summary>Three nodes hold a group. Its record is lost; one node has its data, one an empty disk, and one is down.</summary>
    private static void Play(Action<Scenario, SimNode, SimNode> go) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1)); // the slaves have applied them
        var (master, holder, joined) = (scenario.Master, scenario.Slaves[0], scenario.Slaves[1]);
        scenario.Cluster.MayQuarantine = true;
        foreach (var node in new[] { master, holder, joined }) scenario.Do(node.Crash);
        joined.LoseDisk();
        scenario.Cluster.Store.Forget(scenario.Group.Id);
        scenario.Do(() => holder.Start());
        scenario.Do(() => joined.Start());
        scenario.Until(() => holder.Silo!.IsUp && joined.Silo!.IsUp, "both are up");
        go(scenario, holder, joined);
    });
}
