using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Runs;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>
/// Histories of reads at slaves whose master is heard all the while (R2). Each read that is answered is also checked against what had been answered
/// longer ago than MaxStaleness.
/// </summary>
public sealed class FreshReadTests
{
    private static readonly TimeSpan Staleness = TimeSpan.FromSeconds(2);

    private static Scenario Start(GroupShape shape) => new(shape, limits: l => l with { MaxStaleness = Staleness });

    /// <summary>Who made the group knows of the master alone: an answer tells it of the slave that came in sync since (G9).</summary>
    [Fact]
    public void Answer_BringsTheNewerView_ToACallerWhoseRecordIsOlder() => Scenario.Play(() =>
    {
        var scenario = Start(Scenario.Pair);
        scenario.Wait(TimeSpan.FromSeconds(1)); // the master knows, too
        var version = scenario.Record.Version;
        Assert.True(version > 1);
        var news = scenario.Soon(scenario.Read(scenario.Master, masterOnly: false, seenVersion: 1))!.View;
        Assert.Equal((version, 2), (news!.Version, news.Replicas.Count(r => r.InSync)));
        Assert.Null(scenario.Soon(scenario.Read(scenario.Master, masterOnly: false, seenVersion: version))!.View);
        scenario.Change();
        scenario.Heal();
    });

    [Fact]
    public void Slave_OfAGroupAtRest_AnswersHoweverLongItRests() => Scenario.Play(() =>
    {
        var scenario = Start(Scenario.Pair);
        scenario.Change(3);
        scenario.Wait(TimeSpan.FromSeconds(60));
        Assert.Equal(ReplyKind.Answered, scenario.Soon(scenario.Read(scenario.Slaves[0], masterOnly: false))!.Kind);
    });

    /// <summary>Its disk hangs: it is taken out, the master goes on, and heartbeats come as ever.</summary>
    [Fact]
    public void Slave_WhoseDiskHangs_AnswersForAWhileOnly() => Scenario.Play(() =>
    {
        var scenario = Start(Scenario.Pair);
        scenario.Change(3);
        var slave = scenario.Slaves[0];
        scenario.Do(() => slave.Disk.StalledUntil = TimeSpan.FromHours(1));
        scenario.Change(5);
        scenario.Wait(Staleness);
        scenario.Change(5);
        Assert.NotEqual(ReplyKind.Answered, scenario.Soon(scenario.Read(slave, masterOnly: false))!.Kind);
    });

    /// <summary>Whatever the master sends for the group is lost, and only that.</summary>
    [Fact]
    public void Slave_ThatIsToldNothing_AnswersForAWhileOnly() => Scenario.Play(() =>
    {
        var scenario = Start(Scenario.Pair);
        scenario.Change(3);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Lose(master, slave, m => m is AppendRequest);
        scenario.Change(5);
        scenario.Wait(Staleness);
        scenario.Change(5);
        Assert.NotEqual(ReplyKind.Answered, scenario.Soon(scenario.Read(slave, masterOnly: false))!.Kind);
    });

    /// <summary>It was away for a minute. Its master is heard at once, and what it missed comes slowly.</summary>
    [Fact]
    public void Slave_ThatComesBack_AnswersOnlyWhenItHasAppliedWhatItMissed() => Scenario.Play(() =>
    {
        var scenario = Start(Scenario.Pair);
        scenario.Change(3);
        var slave = scenario.Slaves[0];
        scenario.Do(slave.Crash);
        scenario.Change(5);
        scenario.Wait(TimeSpan.FromSeconds(60));
        scenario.Do(() =>
        {
            slave.Start();
            slave.ApplyTime = TimeSpan.FromSeconds(10);
        });
        scenario.Until(() => slave.Silo!.IsUp, "its start");
        for (var i = 0; i < 40; i++)
        {
            scenario.Wait(TimeSpan.FromMilliseconds(100));
            Assert.NotEqual(ReplyKind.Answered, scenario.Soon(scenario.Read(slave, masterOnly: false))!.Kind);
        }

        scenario.Wait(TimeSpan.FromSeconds(40));
        Assert.Equal(ReplyKind.Answered, scenario.Soon(scenario.Read(slave, masterOnly: false))!.Kind);
        scenario.Heal();
    });

    /// <summary>Of three replicas the new master cannot yet serve: what it has told the third one may lack what the old one answered.</summary>
    [Fact]
    public void Slave_OfAMasterThatDoesNotServeYet_AnswersForAWhileOnly() => Scenario.Play(() =>
    {
        var scenario = Start(Scenario.Three);
        scenario.Change(3);
        var (former, next, third) = (scenario.Master, scenario.Slaves[0], scenario.Slaves[1]);
        scenario.Do(() => next.ApplyTime = TimeSpan.FromSeconds(20));
        scenario.Change(3);
        scenario.Do(() => scenario.Cluster.Store.CutOff.Add(third.Index)); // it does not become master
        scenario.Do(former.Crash);
        scenario.Wait(TimeSpan.FromSeconds(6));
        Assert.True(scenario.At(next).IsMaster);
        foreach (var slave in new[] { next, third }) Assert.NotEqual(ReplyKind.Answered, scenario.Soon(scenario.Read(slave, masterOnly: false))?.Kind);
        scenario.Heal();
    });

    /// <summary>
    /// The master loses its office to a slave that the third does not hear. It goes on sending the third heartbeats, for other groups
    /// and, while its store does not answer, in the belief that it is master.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Slave_OfAMasterThatIsSucceeded_AnswersForAWhileOnly(bool knows) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three, groups: 6, limits: l => l with { MaxStaleness = Staleness });
        var shared = scenario.Cluster.Groups.GroupBy(g => scenario.Cluster.Store.Record(g.Id)!.Master).First(g => g.Count() > 1).ToList();
        scenario.Group = shared[0];
        scenario.Change(5);
        var (former, next, third) = (scenario.Master, scenario.Slaves[0], scenario.Slaves[1]);
        var store = scenario.Cluster.Store;
        scenario.Do(() =>
        {
            store.CutOff.Add(third.Index);
            store.CutOff.Add(former.Index);
            foreach (var other in new[] { former, third })
            {
                scenario.Cluster.Network.Cut(other.Index, next.Index);
                scenario.Cluster.Network.Cut(next.Index, other.Index);
            }
        });
        scenario.Until(() => scenario.At(next).IsServing, "another master", 20);
        scenario.Wait(Staleness);
        if (knows)
        {
            scenario.Do(() => store.CutOff.Remove(former.Index));
            scenario.Until(() => !scenario.At(former).IsMaster, "the former one knows", 20);
        }

        for (var i = 0; i < 20; i++)
        {
            var call = scenario.Send(next, scenario.Operation(1));
            scenario.Until(() => call.IsAnswered, "an answer of the new master");
            scenario.Wait(TimeSpan.FromMilliseconds(200));
            Assert.NotEqual(ReplyKind.Answered, scenario.Soon(scenario.Read(third, masterOnly: false))?.Kind);
        }

        scenario.Heal();
    });

    /// <summary>
    /// Of the former master's last mastership nothing came to the third but the resignation, and it reads no record: its word of before
    /// counts no more.
    /// </summary>
    [Fact]
    public void Slave_ThatHearsOnlyTheResignationOfALaterMastership_AnswersForAWhileOnly() => Scenario.Play(() =>
    {
        var scenario = Start(Scenario.Three);
        scenario.Change(5);
        var (former, next, third) = (scenario.Master, scenario.Slaves[0], scenario.Slaves[1]);
        scenario.Cluster.Store.CutOff.Add(third.Index);
        scenario.Cluster.Network.Cut(next.Index, third.Index);
        scenario.Cluster.Network.Cut(third.Index, next.Index);
        scenario.LoseMastershipTwice(former, unheardBy: third);
        scenario.Until(() => scenario.Master == next && scenario.At(next).IsServing, "another master", 5);
        scenario.Wait(Staleness);
        for (var i = 0; i < 5; i++)
        {
            scenario.Change();
            scenario.Wait(Staleness);
            Assert.NotEqual(ReplyKind.Answered, scenario.Soon(scenario.Read(third, masterOnly: false))?.Kind);
        }

        scenario.Do(former.Crash);
        scenario.Heal();
    });

    /// <summary>
    /// All were down, and one stays so: the master serves when it has taken that one out, and its other slave, which is heard all the
    /// while, is not told. What was answered before is not applied there, nor did the master know of it until now.
    /// </summary>
    [Fact]
    public void Slave_OfAMasterThatHasJustBegunToServe_AnswersNotByWhatWasNotKnown() => Scenario.Play(() =>
    {
        var scenario = Start(Scenario.Three);
        scenario.Change(5);
        scenario.Wait(Staleness * 2);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Do(() =>
        {
            foreach (var node in scenario.Cluster.Nodes) node.Crash();
            master.Start();
            slave.Start();
        });
        scenario.Cluster.Network.Script = (_, _, message) => message is AppendRequest { Stable.Value: > 0 } ? Simulated.Network.MessageFate.IsLost : Simulated.Network.MessageFate.Passes;
        scenario.Until(() => master.Silo is { IsUp: true } && scenario.At(master).IsServing, "it serves", 10);
        for (var i = 0; i < 40; i++) Assert.NotEqual(ReplyKind.Answered, scenario.Soon(scenario.Read(slave, masterOnly: false))?.Kind);
        scenario.Heal();
    });
}
