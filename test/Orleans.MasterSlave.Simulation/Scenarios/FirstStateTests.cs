using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>
/// Histories of a group whose first state is imported from elsewhere (G12). The old storage gives another value at each reading, and every replica that
/// serves is required to have one, and the same as all others.
/// </summary>
public sealed class FirstStateTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(5);

    [Fact]
    public void FirstState_IsThereBeforeTheFirstCall_OnEveryReplica() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three, imports: true);
        scenario.Change(3);
        scenario.UntilAllRest();
        Assert.All(scenario.Cluster.Nodes, n => Assert.Equal(1, scenario.At(n).Imported));
        Assert.Equal(1, scenario.Cluster.OldState!.Reads);
    });

    /// <summary>The record is there, and the barrier: nothing of it may look like a group that has its first state.</summary>
    [Fact]
    public void Founder_ThatDiesBeforeTheImport_ImportsAfterItsNextStart() => Scenario.Play(() =>
    {
        var (scenario, founder) = Importing(Scenario.Pair);
        scenario.Until(() => scenario.At(founder).Status.Committed.Value == 1, "the barrier is committed");
        scenario.Do(founder.Crash);
        founder.ImportTime = TimeSpan.Zero;
        scenario.Do(() => founder.Start());
        scenario.UntilAllRest();
        scenario.Change();
        Assert.Equal(2, scenario.At(founder).Imported);
    });

    /// <summary>The entry was appended, and the process died with it: it is in the log, or it is due again; never is there half of it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Founder_ThatDiesWithTheEntryUnderWay_HasOneOfTheTwo(int milliseconds) => Scenario.Play(() =>
    {
        var (scenario, founder) = Importing(Scenario.Pair);
        founder.ImportTime = TimeSpan.FromMilliseconds(10);
        scenario.Until(() => scenario.Cluster.OldState!.Reads == 1, "it is asked for");
        scenario.Wait(TimeSpan.FromMilliseconds(10 + milliseconds));
        scenario.Do(founder.Crash);
        scenario.Do(() => founder.Start());
        scenario.UntilAllRest();
        scenario.Change();
        Assert.NotNull(scenario.At(founder).Imported);
        Assert.Single(scenario.Record.InSync.Select(n => scenario.At(scenario.Cluster.Nodes[SimIds.IndexOf(n)]).Imported).Distinct());
    });

    [Fact]
    public void Founder_ThatDiesAfterTheImport_DoesNotImportAgain() => Scenario.Play(() =>
    {
        var (scenario, founder) = Importing(Scenario.Pair);
        founder.ImportTime = TimeSpan.Zero;
        scenario.UntilAllRest();
        foreach (var node in scenario.Cluster.Nodes) scenario.Do(node.Crash);
        foreach (var node in scenario.Cluster.Nodes) scenario.Do(() => node.Start());
        scenario.UntilAllRest();
        scenario.Change();
        Assert.Equal((1, 1), (scenario.At(scenario.Master).Imported, scenario.Cluster.OldState!.Reads));
    });

    /// <summary>The slave takes over from a founder that is still reading: it imports itself, and the founder follows it.</summary>
    [Fact]
    public void Slave_ThatTakesOverBeforeTheImport_Imports() => Scenario.Play(() =>
    {
        var (scenario, founder) = Importing(Scenario.Pair);
        scenario.Until(() => scenario.Record.InSync.Length == 2, "both are in sync");
        Assert.Null(scenario.At(founder).Imported);
        foreach (var node in scenario.Cluster.Nodes) node.ImportTime = TimeSpan.Zero;
        scenario.Do(founder.Crash);
        scenario.Until(() => scenario.Master != founder && scenario.At(scenario.Master).IsServing, "the slave serves");
        scenario.Change();
        scenario.Do(() => founder.Start());
        scenario.UntilAllRest();
        Assert.Equal((2, 2), (scenario.At(founder).Imported, scenario.At(scenario.Master).Imported));
    });

    /// <summary>The entry is on the slave's disk, and nobody has heard that it is stable.</summary>
    [Fact]
    public void Slave_ThatInheritsTheImport_DoesNotImportAgain() => Scenario.Play(() =>
    {
        var (scenario, founder) = Importing(Scenario.Pair);
        scenario.Until(() => scenario.Record.InSync.Length == 2, "both are in sync");
        var slave = scenario.Slaves[0];
        scenario.Until(() => scenario.At(slave).Disk.Last.Index.Value == 2, "the slave has the entry");
        scenario.Do(founder.Crash);
        scenario.Until(() => scenario.Master == slave && scenario.At(slave).IsServing, "the slave serves");
        scenario.Change();
        Assert.Equal((1, 1), (scenario.At(slave).Imported, scenario.Cluster.OldState!.Reads));
    });

    [Fact]
    public void Import_ThatFails_RefusesCalls_AndIsTriedAgainForLaterOnes() => Scenario.Play(() =>
    {
        var (scenario, founder) = Importing(Scenario.Pair);
        (founder.ImportTime, founder.ImportFails) = (TimeSpan.Zero, true);
        scenario.Until(() => scenario.Transcript.Any(l => l.Contains("first state failed", StringComparison.Ordinal)), "it failed");

        var operation = scenario.Soon(scenario.Send(founder, scenario.Operation(1)));
        var read = scenario.Soon(scenario.Read(founder, masterOnly: true));

        Assert.Equal((ReplyKind.Refused, RefusalReason.NoFirstState), (operation?.Kind, operation?.Refusal));
        Assert.Equal(RefusalReason.NoFirstState, read?.Refusal);
        Assert.Equal(1, scenario.Cluster.OldState!.Reads); // a moment after it failed nobody has it tried again
        Assert.Equal(1, scenario.At(founder).Disk.Last.Index.Value);

        scenario.Wait(FirstState.ToldFor);
        founder.ImportFails = false;
        scenario.Change();
        scenario.UntilAllRest();
        Assert.Equal((2, 2), (scenario.At(founder).Imported, scenario.Cluster.OldState.Reads));
    });

    /// <summary>A founder that is cut off cannot import, and another is master by now: callers are not to take its word for the last (W8).</summary>
    [Fact]
    public void Import_ThatFailsWithoutALease_IsNotTheLastWord() => Scenario.Play(() =>
    {
        var (scenario, founder) = Importing(Scenario.Pair);
        (founder.ImportTime, founder.ImportFails) = (TimeSpan.Zero, true);
        scenario.Until(() => scenario.Record.InSync.Length == 2, "both are in sync");
        scenario.Do(() => scenario.Isolate(founder));
        scenario.Wait(TimeSpan.FromSeconds(1.2));
        var call = scenario.Send(founder, scenario.Operation(1));
        scenario.Until(() => call.Reply is not null, "a word");
        Assert.Equal((ReplyKind.NotTaken, RefusalReason.None), (call.Reply!.Kind, call.Reply.Refusal));
        Assert.Contains("could not be imported", call.Reply.Message, StringComparison.Ordinal);
    });

    /// <summary>A snapshot that covers the barrier alone says that nothing but barriers is below it.</summary>
    [Fact]
    public void Group_ThatIsRestoredFromASnapshotOfBefore_StillImports() => Scenario.Play(() =>
    {
        var (scenario, founder) = Importing(new(1, ReplicationMode.Synchronous, 1), l => l with { Snapshots = new SnapshotTrigger(1, long.MaxValue) });
        scenario.Until(() => scenario.At(founder).Disk.Base.Index.Value == 1, "a snapshot of the barrier");
        scenario.Do(founder.Crash);
        founder.ImportTime = TimeSpan.Zero;
        scenario.Do(() => founder.Start());
        scenario.UntilAllRest();
        scenario.Change();
        Assert.Equal(2, scenario.At(founder).Imported);
    });

    /// <summary>A group whose record was just made, and whose founder is reading the old storage for a long time.</summary>
    private static (Scenario Scenario, SimNode Founder) Importing(Runs.GroupShape shape, Func<ReplicaLimits, ReplicaLimits>? limits = null)
    {
        var scenario = new Scenario(shape, imports: true, limits: limits, untilRest: false, founded: false);
        foreach (var node in scenario.Cluster.Nodes) node.ImportTime = Long;
        var founder = scenario.Cluster.Nodes[SimIds.IndexOf(scenario.Group.Plan.Replicas[0])];
        scenario.Found(founder);
        return (scenario, founder);
    }
}
