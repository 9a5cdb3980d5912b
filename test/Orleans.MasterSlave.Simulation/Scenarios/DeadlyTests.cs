using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.Runs;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of operations that end the process which executes them, or that nobody can execute any more (W10).</summary>
public sealed class DeadlyTests
{
    /// <summary>The nodes come back as a supervisor brings them back.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Entry_ThatEndsEachProcess_StopsTheGroup_BeforeAnyDiesOfItTwice(int replicas) => Scenario.Play(() =>
    {
        var scenario = Deadly(new GroupShape(replicas, ReplicationMode.Synchronous, 1));
        Assert.InRange(scenario.Cluster.Nodes.Sum(n => n.Deaths), 2, replicas);
        Assert.All(scenario.Cluster.Nodes, n => Assert.InRange(n.Deaths, 0, 2));
        var deaths = scenario.Cluster.Nodes.Sum(n => n.Deaths);
        scenario.Wait(TimeSpan.FromSeconds(20));
        Assert.Equal(deaths, scenario.Cluster.Nodes.Sum(n => n.Deaths));
    });

    [Fact]
    public void StoppedGroup_RefusesOperationsAndLinearizableReads_AndAnswersOthersFromTheStateBefore() => Scenario.Play(() =>
    {
        var scenario = Deadly(Scenario.Pair);
        var refused = scenario.Soon(scenario.Send(scenario.Master, scenario.Operation(9)));
        Assert.Equal((ReplyKind.NotTaken, RefusalReason.StoppedAtEntry), (refused?.Kind, refused?.Refusal));
        Assert.Contains("stopped at entry", refused?.Message, StringComparison.Ordinal);
        Assert.Equal(RefusalReason.StoppedAtEntry, scenario.MasterReadAt(scenario.Master)?.Refusal);
        var read = scenario.Soon(scenario.Read(scenario.Master, masterOnly: false));
        Assert.Equal((ReplyKind.Answered, 3), (read?.Kind, SimObject.Read(read!.Payload!).Count));
    });

    [Fact]
    public void SkippedEntry_IsNeverExecuted_AndTheGroupGoesOn() => Scenario.Play(() =>
    {
        var scenario = Deadly(Scenario.Three);
        Skip(scenario);
        scenario.Change(3);
        scenario.Heal();
        Assert.True(scenario.Cluster.Nodes.Sum(n => n.Deaths) <= 3);
        var answer = scenario.Soon(scenario.Send(scenario.Master, Poison(scenario)));
        Assert.True(SimObject.WasSkipped(answer!.Payload!));
    });

    /// <summary>Not from a snapshot that holds neither the entry nor the skip; not by who has forgotten that the entry is deadly.</summary>
    [Fact]
    public void SkippedEntry_IsNotExecutedByAReplicaThatReplaysTheLog() => Scenario.Play(() =>
    {
        var scenario = Deadly(Scenario.Three, limits: l => l with { MaxBatchEntries = 1 });
        Skip(scenario);
        foreach (var node in scenario.Cluster.Nodes) node.MarksOf(scenario.Group.Index).Forget();
        scenario.Change(2);
        var deaths = scenario.Cluster.Nodes.Sum(n => n.Deaths);
        foreach (var node in scenario.Cluster.Nodes) scenario.Do(node.Crash);
        scenario.Heal();
        scenario.Change(2);
        scenario.Heal();
        Assert.Equal(deaths, scenario.Cluster.Nodes.Sum(n => n.Deaths));
    });

    /// <summary>The master dies when its own disk alone has the skip.</summary>
    [Fact]
    public void Skip_ThatIsNotStable_BindsNobody_UntilItIs() => Scenario.Play(() =>
    {
        var scenario = Deadly(Scenario.Pair);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Until(() => scenario.Record.InSync.Length == 2, "both in sync");
        scenario.Lose(master, slave, Scenario.IsAppendWithEntries);
        var skip = scenario.AskToSkip(master, StoppedAt(scenario));
        scenario.Wait(TimeSpan.FromMilliseconds(100));
        Assert.Null(skip.Reply);
        scenario.Do(master.Crash);
        scenario.EndScript();
        scenario.Until(() => scenario.Master == slave, "the other takes over");
        scenario.Do(() => master.Start());
        scenario.Until(() => scenario.Cluster.Nodes.Any(n => IsStopped(scenario, n)), "it stops again");
        Skip(scenario);
        scenario.Change(2);
        scenario.Heal();
    });

    /// <summary>Only one machine cannot stand it: the others go on, and nothing needs to be skipped.</summary>
    [Fact]
    public void Entry_ThatEndsOneProcessOnly_StopsThatReplicaAlone() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(3);
        scenario.Cluster.MayQuarantine = true;
        var frail = scenario.Master;
        foreach (var node in scenario.Cluster.Nodes) node.DiesOfOperations = node == frail;
        _ = scenario.Send(frail, Poison(scenario));
        scenario.Until(() => frail.Silo is null, "it dies");
        scenario.Until(() => scenario.Master != frail && scenario.At(scenario.Master).IsServing, "another serves");
        scenario.Change(2);
        KeepAlive(scenario, () => frail.Silo?.OfOrNull(scenario.Group.Index)?.Replica.Status().Trouble is not null, "it stops alone");
        Assert.Equal(2, frail.Deaths);
        Assert.NotEqual(frail, scenario.Master);
        scenario.Change(2);
        frail.DiesOfOperations = false;
        frail.MarksOf(scenario.Group.Index).Forget(); // another deployment
        scenario.Do(frail.Crash);
        scenario.Heal();
    });

    /// <summary>Processes that are killed in the middle of harmless operations stop no group.</summary>
    [Fact]
    public void Entry_DuringWhichProcessesAreKilledFromOutside_IsTriedAgain_AndClearedOfSuspicion() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(3);
        foreach (var node in scenario.Cluster.Nodes) node.ApplyTime = TimeSpan.FromMilliseconds(100);
        for (var i = 0; i < 6; i++)
        {
            _ = scenario.Send(scenario.Master, scenario.Operation(i + 1, client: 80 + i));
            scenario.Wait(TimeSpan.FromMilliseconds(40));
            foreach (var node in scenario.Cluster.Nodes) scenario.Do(node.Crash);
            scenario.Do(scenario.Cluster.StartAll);
            scenario.Until(() => scenario.At(scenario.Master).IsServing, "it serves again");
        }

        scenario.Heal();
        Assert.All(scenario.Cluster.Nodes, n => Assert.Null(n.MarksOf(scenario.Group.Index).Suspect));
    });

    /// <summary>A type was renamed on all silos: nothing was executed, so nothing need be counted; an older version, or a skip, goes on.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Entry_ThatNobodyCanReadAnyMore_StopsTheGroup_UntilItCanBeReadOrIsSkipped(bool skips) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(3);
        foreach (var node in scenario.Cluster.Nodes) node.CannotRead = skips; // skipped is only what nobody has executed
        var first = scenario.Soon(scenario.Send(scenario.Master, scenario.Operation(1, payload: [SimObject.Renamed, 0])));
        Assert.Equal(skips ? null : ReplyKind.Answered, first?.Kind);
        foreach (var node in scenario.Cluster.Nodes) scenario.Do(node.Crash);
        foreach (var node in scenario.Cluster.Nodes) node.CannotRead = true;
        scenario.Do(scenario.Cluster.StartAll);
        scenario.Until(() => scenario.Cluster.Nodes.Any(n => IsStopped(scenario, n)), "it stops");
        var refused = scenario.Soon(scenario.Send(scenario.Master, scenario.Operation(9)));
        Assert.Contains("its type is not known here", refused?.Message, StringComparison.Ordinal);
        scenario.Until(() => scenario.Record.InSync.Length == 2, "both in sync");
        if (skips)
        {
            Skip(scenario);
            scenario.Change(2);
            scenario.Heal();
            return;
        }

        foreach (var node in scenario.Cluster.Nodes) scenario.Do(node.Crash);
        foreach (var node in scenario.Cluster.Nodes) node.CannotRead = false;
        scenario.Do(scenario.Cluster.StartAll);
        scenario.Change(2);
        scenario.Heal();
    });

    /// <summary>What outlasts its limit counts like a death, though the process lives: after a restart the group stops instead of trying again.</summary>
    [Fact]
    public void Operation_ThatOutlastsItsLimitEverywhere_StopsTheGroupAfterARestart() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(3);
        scenario.Cluster.MayQuarantine = true;
        foreach (var node in scenario.Cluster.Nodes) (node.DiesOfOperations, node.HangsInOperations) = (false, true);
        _ = scenario.Send(scenario.Master, Poison(scenario));
        scenario.Until(() => scenario.Cluster.Nodes.Count(n => n.MarksOf(0).Suspect is not null) == 2, "it failed on both");
        foreach (var node in scenario.Cluster.Nodes) scenario.Do(node.Crash);
        scenario.Do(scenario.Cluster.StartAll);
        scenario.Until(() => scenario.Cluster.Nodes.Any(n => IsStopped(scenario, n)), "it stops");
        scenario.Until(() => scenario.Record.InSync.Length == 2, "both in sync");
        Skip(scenario);
        scenario.Change(2);
        scenario.Heal();
    });

    /// <summary>Asynchronously, the skip may be lost with the master that wrote it: then the group stops again, and no copy differs.</summary>
    [Fact]
    public void AsynchronousGroup_StopsAndGoesOnLikeAnyOther() => Scenario.Play(() =>
    {
        var scenario = Deadly(new GroupShape(2, ReplicationMode.Asynchronous, 1));
        Skip(scenario);
        scenario.Change(3);
        scenario.Heal();
    });

    private static Operation Poison(Scenario scenario) => scenario.Operation(1, client: 99, payload: [SimObject.Deadly, 0]);

    /// <summary>The entry is logged, and whoever executes it dies, and is started again, until the group has stopped.</summary>
    private static Scenario Deadly(GroupShape shape, Func<Replicas.ReplicaLimits, Replicas.ReplicaLimits>? limits = null)
    {
        var scenario = new Scenario(shape, limits: limits);
        scenario.Change(3);
        _ = scenario.Send(scenario.Master, Poison(scenario));
        scenario.Until(() => scenario.Cluster.Nodes.Any(n => n.Deaths > 0), "a death");
        KeepAlive(scenario, () => scenario.Cluster.Nodes.Any(n => IsStopped(scenario, n)), "a stopped master");
        KeepAlive(scenario, () => scenario.Cluster.Nodes.All(n => n.Silo is { IsUp: true }) && scenario.Record.InSync.Length == shape.Replicas, "all in sync");
        return scenario;
    }

    /// <summary>Who died is started again two seconds later.</summary>
    private static void KeepAlive(Scenario scenario, Func<bool> until, string what)
    {
        for (var i = 0; i < 60 && !until(); i++)
        {
            scenario.Wait(TimeSpan.FromSeconds(2));
            if (!until()) scenario.Do(scenario.Cluster.StartAll);
        }

        Assert.True(until(), what);
    }

    private static bool IsStopped(Scenario scenario, SimNode node) =>
        node.Silo is { IsUp: true } silo && silo.OfOrNull(scenario.Group.Index)?.Replica is { StoppedAt: not null, Role: ReplicaRole.Master };

    private static LogPosition StoppedAt(Scenario scenario) => scenario.Master.Silo!.Of(scenario.Group.Id).Replica.StoppedAt!.Value;

    private static void Skip(Scenario scenario)
    {
        var skip = scenario.AskToSkip(scenario.Master, StoppedAt(scenario));
        scenario.Until(() => skip.Reply is not null, "a word on the skip");
        Assert.True(skip.Reply!.IsSkipped, skip.Reply.Reason);
    }
}
