using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Simulated.Runs;
using Orleans.MasterSlave.Simulated.Store;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of a master that lost its office, or does not know whether it did.</summary>
public sealed class ExMasterTests
{
    private static readonly GroupShape Pair = new(2, ReplicationMode.Synchronous, 1);

    [Fact]
    public void ExMaster_CutOffFromAll_AnswersNoMasterRead() => OnThread(() =>
    {
        var scenario = new Scenario(Pair);
        scenario.Change(5);
        var former = scenario.Master;
        Assert.Equal(ReplyKind.Answered, scenario.MasterReadAt(former)!.Kind);
        scenario.Isolate(former);
        scenario.Until(() => scenario.Master != former, "another master");
        scenario.Change();
        Assert.NotEqual(ReplyKind.Answered, scenario.MasterReadAt(former)?.Kind);
        scenario.Heal();
    });

    [Fact]
    public void Shrink_ThatLandsLateAfterARereadShowedTheOldRow_LosesNothing() => OnThread(() =>
    {
        var scenario = new Scenario(Pair);
        scenario.Change(5);
        var slave = scenario.Cluster.Nodes.Single(n => n != scenario.Master && scenario.Group.Plan.Replicas.Contains(n.Silo!.Liveness.Self.Node));
        scenario.Cluster.Store.LandsAfter = TimeSpan.FromSeconds(1);
        var fates = new Queue<SwapFate>([SwapFate.LandsLater, SwapFate.NeverLands, SwapFate.NeverLands]);
        scenario.Cluster.Store.FateOf = _ => fates.TryDequeue(out var fate) ? fate : null;
        scenario.Do(slave.Crash);
        scenario.Change(3);
        scenario.Do(() => slave.Start());
        scenario.Heal();
    });

    /// <summary>Single-threaded runs want a thread without anybody's synchronization context.</summary>
    private static void OnThread(Action scenario)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(scenario));
        thread.Start();
        thread.Join();
        if (failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }
}
