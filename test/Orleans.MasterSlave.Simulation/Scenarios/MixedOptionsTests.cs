using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Liveness;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of options that are changed silo by silo: a lease is as long as the slave's wait covers, whatever the master would take (L2, L4).</summary>
public sealed class MixedOptionsTests
{
    private static readonly LivenessTimes Short = new();
    private static readonly LivenessTimes Long = new() { LeaseDuration = TimeSpan.FromSeconds(3), PromotionWait = TimeSpan.FromMilliseconds(3_750) };

    /// <summary>At no time do two replicas answer linearizable reads: the checker sees that a stale one would be.</summary>
    [Theory, InlineData(true, ReplicationMode.Synchronous), InlineData(false, ReplicationMode.Synchronous), InlineData(true, ReplicationMode.Asynchronous), InlineData(false, ReplicationMode.Asynchronous)]
    public void MasterAndSlave_OfDifferentOptions_NeverServeBoth(bool masterIsLong, ReplicationMode mode) => Scenario.Play(() =>
    {
        var scenario = new Scenario(new Runs.GroupShape(2, mode, 1));
        scenario.Change(5);
        var (former, next) = (scenario.Master, scenario.Slaves[0]);
        scenario.Restart(next, masterIsLong ? Long : Short);
        scenario.UntilAllRest();
        scenario.Wait(TimeSpan.FromSeconds(1)); // it learns that it is in sync
        scenario.Restart(former, masterIsLong ? Short : Long); // meanwhile the other one becomes master
        scenario.UntilAllRest();
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        Assert.Equal(masterIsLong ? Long : Short, master.Times);
        scenario.Change(3);
        scenario.Isolate(master);
        scenario.Until(() => scenario.At(slave).IsServing, "another master");
        WriteAt(scenario, slave);
        for (var i = 0; i < 40; i++)
        {
            Assert.NotEqual(ReplyKind.Answered, scenario.MasterReadAt(master)?.Kind);
            scenario.Wait(TimeSpan.FromMilliseconds(50));
        }

        scenario.Heal();
    });

    /// <summary>What a life of the node has granted binds the next one, which was started with a shorter wait.</summary>
    [Fact]
    public void Slave_ThatIsRestartedWithAShorterWait_WaitsForTheLeaseThatItGranted() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, times: Long);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        slave.Times = Short;
        scenario.Do(slave.Crash);
        scenario.Isolate(master); // it hears nothing of the new life
        scenario.Do(() => slave.Start());
        for (var i = 0; i < 100 && !scenario.At(slave).IsServing; i++) scenario.Wait(TimeSpan.FromMilliseconds(50));
        WriteAt(scenario, slave);
        for (var i = 0; i < 40; i++)
        {
            Assert.NotEqual(ReplyKind.Answered, scenario.MasterReadAt(master)?.Kind);
            scenario.Wait(TimeSpan.FromMilliseconds(50));
        }

        scenario.Heal();
    });

    /// <summary>At once: a client would first ask the old master, until no lease is left.</summary>
    private static void WriteAt(Scenario scenario, Nodes.SimNode node)
    {
        var call = scenario.Send(node, scenario.Operation(1));
        scenario.Until(() => call.IsAnswered, "an answer");
    }
}
