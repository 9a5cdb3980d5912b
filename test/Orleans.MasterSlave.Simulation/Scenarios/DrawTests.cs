using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>
/// Histories of what operations draw (W9): however a replica came by its state, and whoever was master, it drew the same. The checkers compare every draw; these
/// see to it that there is something to compare.
/// </summary>
public sealed class DrawTests
{
    /// <summary>One slave has everything from the log, one from its own snapshot and a replay, one from its master's snapshot.</summary>
    [Fact]
    public void Replicas_ThatCameByLog_Snapshot_Install_AndReplay_DrawTheSame() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three, limits: l => l with { Snapshots = new SnapshotTrigger(5, long.MaxValue), MaxSlaveLagEntries = 10 });
        scenario.Change(7);
        var (replayed, installed) = (scenario.Slaves[0], scenario.Slaves[1]);
        scenario.Do(installed.Crash);
        scenario.Change(13);
        Assert.NotEqual(0, scenario.At(replayed).Disk.Base.Index.Value); // the barrier is below
        scenario.Do(replayed.Crash);
        scenario.Change(20);
        scenario.Do(() => replayed.Start());
        scenario.Do(() => installed.Start());
        scenario.UntilAllRest();
        Assert.True(scenario.Cluster.World.Trace.Counts["snapshot installed"] > 0);
        scenario.Change(9);
        scenario.Heal();
        Same(scenario, 49);
    });

    /// <summary>What the slave inherits, it applies as master already, and draws as the master before did.</summary>
    [Fact]
    public void NewMaster_DrawsForInheritedEntries_WhatItsPredecessorDrew() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(3);
        scenario.UntilAllRest();
        var (former, next) = (scenario.Master, scenario.Slaves[0]);
        next.ApplyTime = TimeSpan.FromSeconds(3); // it has applied nothing of what follows when it takes over
        scenario.Change(4);
        Assert.True(scenario.At(next).Applied < 7);
        scenario.Do(former.Crash);
        scenario.Until(() => scenario.Master == next, "the slave is master");
        Assert.True(scenario.At(next).Applied < 7);
        next.ApplyTime = TimeSpan.Zero;
        scenario.Change(3);
        scenario.Do(() => former.Start());
        scenario.UntilAllRest();
        scenario.Heal();
        Same(scenario, 10);
    });

    [Fact]
    public void GroupsWithTheSamePositions_DrawOthers() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, groups: 3);
        foreach (var group in scenario.Cluster.Groups)
        {
            scenario.Group = group;
            scenario.Change(5);
        }

        scenario.Heal();
        var draws = scenario.Cluster.Groups.SelectMany(g => scenario.Cluster.Nodes[Contracts(g)].Silo!.OfOrNull(g.Index)!.Object.Draws).ToList();
        Assert.Equal(15, draws.Distinct().Count());

        int Contracts(SimGroup g) => SimIds.IndexOf(scenario.Cluster.Store.Record(g.Id)!.Master);
    });

    private static void Same(Scenario scenario, int count)
    {
        foreach (var node in scenario.Slaves.Prepend(scenario.Master))
        {
            var draws = node.Silo!.OfOrNull(scenario.Group.Index)!.Object.Draws;
            Assert.Equal(count, draws.Count);
            Assert.Equal(scenario.Master.Silo!.OfOrNull(scenario.Group.Index)!.Object.Draws, draws);
        }
    }
}
