using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Simulated.Store;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of store calls that neither end nor fail (G1).</summary>
public sealed class HangingStoreTests
{
    /// <summary>
    /// The swap that takes a dead slave out hangs for ever, landed or not: its outcome is found out, and the group goes on.
    /// </summary>
    [Theory, InlineData(true), InlineData(false)]
    public void Shrink_WhoseSwapHangs_IsSettled_AndTheGroupGoesOn(bool lands) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        var hung = 0;
        scenario.Cluster.Store.FateOf = _ => hung++ > 0 ? null : lands ? SwapFate.LandsAndHangs : SwapFate.Hangs;
        scenario.Do(slave.Crash);
        scenario.Change(); // answered once the slave is out
        Assert.True(hung > 0);
        Assert.Equal(master, scenario.Master);
        Assert.Single(scenario.Record.InSync);
        scenario.Heal();
    });

    /// <summary>The first read of a slave that is to take over hangs: the next one finds the record.</summary>
    [Fact]
    public void Slave_WhoseReadHangs_TakesOverAllTheSame() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Cluster.Store.HangsFor.Add(slave.Index);
        scenario.Do(master.Crash);
        scenario.Wait(TimeSpan.FromSeconds(2)); // it reads by now
        scenario.Cluster.Store.HangsFor.Clear();
        scenario.Until(() => scenario.At(slave).IsServing, "a new master", seconds: 8);
        scenario.Change();
        scenario.Heal();
    });

    /// <summary>
    /// A slave competes, and its swap hangs; its activation ends. The next one begins at once, though nothing of the swap is settled: it
    /// takes in appends, and confirms no lease to the master that the swap may have deposed (L3).
    /// </summary>
    [Theory, InlineData(true), InlineData(false)]
    public void Replica_WhosePredecessorsSwapHangs_BeginsAtOnce_AndConfirmsNoLease(bool lands) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Cluster.Store.FateOf = next => next.Epoch == new Epoch(2) ? (lands ? SwapFate.LandsAndHangs : SwapFate.Hangs) : null;
        scenario.Isolate(master);
        var competed = 0;
        slave.BeforeClaim = () => competed++;
        scenario.Until(() => competed > 0, "it competes");
        scenario.Wait(TimeSpan.FromMilliseconds(50)); // the swap is at the store
        scenario.Cluster.Store.HangsFor.Add(slave.Index);
        scenario.Do(() => slave.Silo!.EndReplicaAsync(scenario.Group.Id));
        scenario.Cluster.Network.HealAll();

        var read = scenario.Read(slave, masterOnly: false);
        scenario.Wait(TimeSpan.FromMilliseconds(100));
        Assert.NotNull(read.Reply); // it has begun: it answers, if only by a redirection
        scenario.Wait(TimeSpan.FromSeconds(1));
        Assert.NotEqual(ReplyKind.Answered, scenario.MasterReadAt(master)?.Kind); // and gave no lease
        Assert.False(scenario.At(slave).IsMaster);

        scenario.Cluster.Store.FateOf = null;
        scenario.Heal();
        scenario.Change();
    });
}
