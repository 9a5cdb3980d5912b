using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.Runs;
using Orleans.MasterSlave.Simulated.Store;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Two disks with one identity, and who may act as the node (I2).</summary>
public sealed class TwinTests
{
    private static readonly GroupShape Alone = new(1, ReplicationMode.Synchronous, 1);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    public static TheoryData<int, ReplicationMode> Groups => new()
    {
        { 1, ReplicationMode.Synchronous }, { 2, ReplicationMode.Synchronous }, { 1, ReplicationMode.Asynchronous }, { 2, ReplicationMode.Asynchronous },
    };

    [Theory, MemberData(nameof(Groups))]
    public void Copy_StartedBesideItsOriginal_IsRefused_AndTheOriginalGoesOn(int replicas, ReplicationMode mode) => Scenario.Play(() =>
    {
        var scenario = new Scenario(new GroupShape(replicas, mode, 1));
        scenario.Change(5);
        var original = scenario.Master;
        var copy = original.Copy();
        scenario.Do(() => copy.Start());
        scenario.Change(20);
        scenario.Until(() => !copy.IsRunning, "the copy ends", Lease.TotalSeconds);
        scenario.Change(5);
        Assert.Same(original, scenario.Master);
        Assert.Equal(new Epoch(1), scenario.Record.Epoch);

        scenario.Do(() => copy.Start()); // again and again: each start counts one more
        scenario.Do(() => copy.Start());
        scenario.Until(() => !copy.IsRunning, "the copy ends again", Lease.TotalSeconds);
        scenario.Change(5);
        scenario.Heal();
    });

    /// <summary>Whatever its own lock says, and though it has counted more starts than the original.</summary>
    [Fact]
    public void Copy_ThatIsOlderThanTheLastRenewal_IsRefusedForGood_ThoughTheOriginalIsDead() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Alone);
        scenario.Change(5);
        var original = scenario.Master;
        var copy = original.Copy();
        scenario.Wait(Lease / 2);
        scenario.Change(5); // not in the copy
        scenario.Do(original.Crash);
        for (var i = 0; i < 3; i++)
        {
            scenario.Do(() => copy.Start());
            scenario.Until(() => !copy.IsRunning, "the copy ends", 1);
        }

        scenario.Do(() => original.Start());
        scenario.Until(() => scenario.At(original).IsServing, "the original serves at once", 1);
        scenario.Heal();
    });

    /// <summary>
    /// A folder that was moved, or copied and the original never started again: it is the node when the other's lease is over, and the
    /// other is none any more.
    /// </summary>
    [Fact]
    public void Copy_WhoseOriginalIsDead_IsTheNode_AndTheOriginalIsRefused() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Alone);
        scenario.Cluster.MayRefuseStarts = true;
        scenario.Change(5);
        var original = scenario.Master;
        scenario.Do(original.Crash);
        var copy = original.Copy();
        scenario.Do(() => copy.Start());
        scenario.Wait(Lease * 0.98);
        Assert.False(copy.Silo!.IsUp);
        scenario.Until(() => scenario.At(copy).IsServing, "the copy serves", 5);
        scenario.Change(5);
        for (var i = 0; i < 3; i++)
        {
            scenario.Do(() => original.Start());
            scenario.Until(() => !original.IsRunning, "the original is refused", 1);
        }

        scenario.Heal();
    });

    /// <summary>
    /// It slept while a copy became the node: by the clocks its lease is over, so it answers nothing before it asks, and finds that it is
    /// nobody any more.
    /// </summary>
    [Theory]
    [InlineData(ReplicationMode.Synchronous)]
    [InlineData(ReplicationMode.Asynchronous)]
    public void Original_ThatSleptWhileACopyBecameTheNode_AnswersNothing_AndServesNoMore(ReplicationMode mode) => Scenario.Play(() =>
    {
        var scenario = new Scenario(new GroupShape(1, mode, 1));
        scenario.Change(5);
        var original = scenario.Master;
        var silo = original.Silo!;
        scenario.Do(silo.Pause);
        var copy = BecomesTheNode(scenario, original);
        var (write, read) = (scenario.Send(original, scenario.Operation(1)), scenario.Read(original, masterOnly: true));
        var staleRead = scenario.Read(original, masterOnly: false);
        scenario.Do(silo.Resume);
        scenario.Until(() => silo.IsDisplaced, "it finds the other", 2);
        scenario.Wait(TimeSpan.FromSeconds(2));
        foreach (var call in new[] { write, read, staleRead }) Assert.False(call.IsAnswered);
        Assert.NotNull(scenario.At(original).Status.Trouble);
        scenario.Change(5);
        Assert.Same(copy, scenario.Master);
        scenario.Heal();
    });

    /// <summary>
    /// It is cut off from the store, and from nobody else: it stops serving what it serves alone before a copy may begin.
    /// </summary>
    [Fact]
    public void Original_CutOffFromTheStore_StopsServingAlone_BeforeACopyBegins() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Alone);
        scenario.Change(5);
        var original = scenario.Master;
        scenario.Cluster.Store.NodeFateOf = row => row.Life.StartCount == original.StartCount ? SwapFate.NeverLands : SwapFate.Answered;
        scenario.Wait(Lease / 2);
        scenario.Change(5); // its lease lasts
        var copy = original.Copy();
        scenario.Do(() => copy.Start());
        scenario.Until(() => scenario.At(original).Lease == NodeLeaseState.Lapsed, "its lease is over", Lease.TotalSeconds);
        Assert.False(copy.Silo!.IsUp);
        Assert.Equal(ReplyKind.NotTaken, scenario.Soon(scenario.Send(original, scenario.Operation(1)))!.Kind);
        Assert.Equal(ReplyKind.Redirected, scenario.MasterReadAt(original)!.Kind);
        scenario.Until(() => scenario.At(copy).IsServing, "the copy serves", 15);
        Assert.NotEqual(ReplyKind.Answered, scenario.Soon(scenario.Send(original, scenario.Operation(2)))?.Kind);
        scenario.Change(5);
        scenario.Heal();
    });

    private static SimNode BecomesTheNode(Scenario scenario, SimNode original)
    {
        var copy = original.Copy();
        scenario.Do(() => copy.Start());
        scenario.Until(() => copy.Silo is { IsUp: true } && scenario.At(copy).IsServing, "the copy serves", 15);
        scenario.Change(5);
        return copy;
    }
}
