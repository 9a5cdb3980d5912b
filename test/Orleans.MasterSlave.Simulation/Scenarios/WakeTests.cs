using Orleans.MasterSlave.Contracts;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of processes that were paused, and of wall clocks that are set: who wakes asks before it judges (L8).</summary>
public sealed class WakeTests
{
    /// <summary>As when a host of virtual machines stands still.</summary>
    [Theory, InlineData(0.7), InlineData(1.1), InlineData(2), InlineData(30)]
    public void AllNodes_ThatArePausedTogether_GoOnAsBefore(double seconds) => Scenario.Play(() =>
    {
        var scenario = Resting();
        var version = scenario.Record.Version;
        foreach (var node in scenario.Cluster.Nodes) node.Silo!.Pause();
        scenario.Wait(TimeSpan.FromSeconds(seconds));
        scenario.Do(() =>
        {
            foreach (var node in scenario.Cluster.Nodes) node.Silo!.Resume();
        });
        scenario.Change(3);
        scenario.Wait(TimeSpan.FromSeconds(5));
        Assert.Equal(version, scenario.Record.Version);
        scenario.Heal();
    });

    /// <summary>A pause a little longer than a lease, and shorter than the slaves' wait, takes nobody out.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public void Master_PausedALittleLongerThanALease_TakesNobodyOut(bool hasWork) => Scenario.Play(() =>
    {
        var scenario = Resting();
        var (master, version) = (scenario.Master, scenario.Record.Version);
        var call = hasWork ? scenario.Send(master, scenario.Operation(1)) : null;
        scenario.Do(master.Silo!.Pause);
        scenario.Wait(TimeSpan.FromMilliseconds(1_020));
        scenario.Do(master.Silo!.Resume);
        scenario.Wait(TimeSpan.FromSeconds(5));
        Assert.Equal(version, scenario.Record.Version);
        Assert.True(call is null || call.IsAnswered);
        scenario.Heal();
    });

    /// <summary>A slave that was paused beyond its wait does not compete with a master that lives.</summary>
    [Fact]
    public void Slave_PausedForLong_DoesNotCompete() => Scenario.Play(() =>
    {
        var scenario = Resting();
        var (slave, epoch) = (scenario.Slaves[0], scenario.Record.Epoch);
        scenario.Do(slave.Silo!.Pause);
        scenario.Wait(TimeSpan.FromMilliseconds(900));
        scenario.Lose(scenario.Master, slave, m => m is Liveness.Heartbeat); // none waits for it when it wakes
        scenario.Wait(TimeSpan.FromMilliseconds(900));
        scenario.EndScript();
        scenario.Do(slave.Silo!.Resume);
        scenario.Wait(TimeSpan.FromSeconds(5));
        Assert.Equal(epoch, scenario.Record.Epoch);
        scenario.Heal();
    });

    /// <summary>Asking takes no longer than a lease: a master that died meanwhile is succeeded.</summary>
    [Fact]
    public void Slave_WhoseMasterDiedWhileItWasPaused_TakesOver() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Do(slave.Silo!.Pause);
        scenario.Do(master.Crash);
        scenario.Wait(TimeSpan.FromSeconds(10));
        var stillIn = scenario.Record.IsInSync(Scenario.NodeOf(slave));
        scenario.Do(slave.Silo!.Resume);
        Assert.True(stillIn);
        scenario.Until(() => scenario.At(slave).IsServing, "the slave takes over", seconds: 1.5);
        scenario.Heal();
    });

    /// <summary>Pauses that come again and again hold up a failover, but not for ever.</summary>
    [Fact]
    public void Slave_ThatIsPausedAgainAndAgain_TakesOverInTheEnd() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        var slave = scenario.Slaves[0];
        scenario.Do(scenario.Master.Crash);
        var pauses = 0;
        for (; pauses < 20 && !scenario.At(slave).IsServing; pauses++)
        {
            scenario.Do(slave.Silo!.Pause);
            scenario.Wait(TimeSpan.FromMilliseconds(600));
            scenario.Do(slave.Silo!.Resume);
            scenario.Wait(TimeSpan.FromMilliseconds(600));
        }

        Assert.InRange(pauses, 1, 6);
        scenario.Heal();
    });

    /// <summary>A wall clock that is set, on one node or on all, forth or back, once or often, takes nobody out and moves nothing.</summary>
    [Theory, InlineData(0.45, false), InlineData(3_600, false), InlineData(-3_600, false), InlineData(0.7, true), InlineData(3_600, true), InlineData(-3_600, true)]
    public void WallClock_ThatIsSet_TakesNobodyOut(double seconds, bool onAll) => Scenario.Play(() =>
    {
        var scenario = Resting();
        var (master, version) = (scenario.Master, scenario.Record.Version);
        for (var i = 0; i < 10; i++)
        {
            var step = TimeSpan.FromSeconds(seconds);
            scenario.Do(() =>
            {
                foreach (var node in scenario.Cluster.Nodes)
                    if (onAll || node == master) node.WallClockOffset += step;
            });
            scenario.Change();
            scenario.Wait(TimeSpan.FromMilliseconds(370));
        }

        Assert.Equal(version, scenario.Record.Version);
        scenario.Heal();
    });

    /// <summary>Small steps, each of which is no waking: leases end for a moment by the wall clock, and still nobody is silent.</summary>
    [Fact]
    public void WallClock_ThatRunsAhead_TakesNobodyOut() => Scenario.Play(() =>
    {
        var scenario = Resting();
        var (master, version) = (scenario.Master, scenario.Record.Version);
        for (var i = 0; i < 40; i++)
        {
            scenario.Do(() => master.WallClockOffset += TimeSpan.FromSeconds(0.45));
            if (i % 10 == 0) scenario.Change();
            scenario.Wait(TimeSpan.FromMilliseconds(60));
        }

        Assert.Equal(version, scenario.Record.Version);
        scenario.Heal();
    });

    private static Scenario Resting()
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(1));
        return scenario;
    }
}
