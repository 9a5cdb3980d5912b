using Orleans.MasterSlave.Contracts;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of a master that hears nobody: the slave, which callers may reach, goes first (G5).</summary>
public sealed class IsolationTests
{
    public static TheoryData<int> Nodes => [2, 3];

    [Theory, MemberData(nameof(Nodes))]
    public void Master_CutOffFromAllButTheStore_LosesTheGroupToItsSlave(int nodes) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, nodes);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.CutOffFromAllButTheStore(master);
        scenario.Until(() => scenario.At(slave).IsServing, "the slave takes over", seconds: 2);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        scenario.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal(slave, scenario.Master);
        scenario.Heal();
    });

    /// <summary>A cut of one direction is one too: it hears the others, and nobody hears it.</summary>
    [Theory, MemberData(nameof(Nodes))]
    public void Master_ThatHearsTheOthersButIsNotHeard_LosesTheGroupToo(int nodes) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, nodes, groups: 2);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        foreach (var other in scenario.Cluster.Nodes) scenario.Cluster.Network.Cut(master.Index, other.Index);
        scenario.Until(() => scenario.At(slave).IsServing, "the slave takes over", seconds: 2);
        scenario.Heal();
    });

    /// <summary>The other direction: the others hear it all the while, and it hears nobody, callers perhaps included.</summary>
    [Theory, MemberData(nameof(Nodes))]
    public void Master_ThatIsHeardButHearsNobody_LosesTheGroupToo(int nodes) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, nodes, groups: 2);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        foreach (var other in scenario.Cluster.Nodes) scenario.Cluster.Network.Cut(other.Index, master.Index);
        scenario.Until(() => scenario.At(slave).IsServing, "the slave takes over", seconds: 2.5);
        scenario.Heal();
    });

    /// <summary>Two nodes, and the slave is truly dead: the price is that writes stop for the slave's wait and what it would need to take over.</summary>
    [Theory, InlineData(2, 0, 2.5), InlineData(3, 0, 1.5), InlineData(3, 1, 2.5)]
    public void Master_WhoseSlaveIsDead_GoesOnAlone(int nodes, int othersThatDieToo, double within) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, nodes);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        foreach (var other in scenario.Cluster.Nodes.Where(n => n != master && n != slave).Take(othersThatDieToo)) scenario.Do(other.Crash);
        scenario.Do(slave.Crash);
        var call = scenario.Send(master, scenario.Operation(1));
        scenario.Until(() => call.IsAnswered, "it goes on alone", seconds: within);
        Assert.Equal(master, scenario.Master);
        scenario.Heal();
    });

    /// <summary>Two nodes, and a cut that comes and goes: the mastership does not move with each (no ping-pong).</summary>
    [Fact]
    public void FlappingCut_MovesTheMastershipSeldom() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, nodes: 2);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        var (epoch, version) = (scenario.Record.Epoch.Value, scenario.Record.Version);
        for (var flap = 0; flap < 20; flap++)
        {
            Cut();
            scenario.Wait(TimeSpan.FromSeconds(2));
            scenario.Cluster.Network.HealAll();
            scenario.Wait(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(scenario.Record.Epoch.Value - epoch, 1, 6); // in 60 s: not more often than it holds off, which is 10 s
        Assert.InRange(scenario.Record.Version - version, 1, 40);
        scenario.Heal();

        void Cut()
        {
            scenario.Cluster.Network.Cut(0, 1);
            scenario.Cluster.Network.Cut(1, 0);
        }
    });

    /// <summary>Cut off from the store as well, neither can move the group; when it ends all goes on as before.</summary>
    [Fact]
    public void Master_CutOffFromAllAndTheStore_LosesTheGroupToo() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, nodes: 2);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        var slave = scenario.Slaves[0];
        scenario.Isolate(scenario.Master);
        scenario.Until(() => scenario.At(slave).IsServing, "the slave takes over", seconds: 2);
        scenario.Heal();
    });

    /// <summary>The cut comes between the last replies of the slave and of another node: that one heard the master longer, and yet it is the master that is cut off.</summary>
    [Theory, InlineData(50), InlineData(150), InlineData(250)]
    public void Master_ThatAnotherNodeHeardLast_LosesTheGroupToo(double laterMilliseconds) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Cluster.Network.Cut(slave.Index, master.Index);
        scenario.Cluster.Network.Cut(master.Index, slave.Index);
        scenario.Wait(TimeSpan.FromMilliseconds(laterMilliseconds));
        scenario.CutOffFromAllButTheStore(master);
        scenario.Until(() => scenario.At(slave).IsServing, "the slave takes over", seconds: 2);
        scenario.Heal();
    });

    /// <summary>A late reply of before the cut is no sign that somebody hears now.</summary>
    [Fact]
    public void RepliesThatComeLate_KeepTheMasterFromNothing() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, nodes: 2);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Hold(slave, master, m => m is Liveness.HeartbeatReply);
        scenario.Wait(TimeSpan.FromMilliseconds(500));
        scenario.EndScript();
        scenario.CutOffFromAllButTheStore(master);
        scenario.Wait(TimeSpan.FromMilliseconds(800));
        scenario.Cluster.Network.HealAll();
        scenario.Do(scenario.Cluster.Network.ReleaseHeld);
        scenario.Wait(TimeSpan.FromMilliseconds(5)); // they arrive
        scenario.CutOffFromAllButTheStore(master);
        scenario.Until(() => scenario.At(slave).IsServing, "the slave takes over", seconds: 2);
        scenario.Heal();
    });
}
