using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.Runs;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of a master that has just been made.</summary>
public sealed class NewMasterTests
{
    private static readonly TimeSpan StalledFor = TimeSpan.FromSeconds(2);

    /// <summary>
    /// W7: the last acknowledged operation is in the new master's log, and nobody has told it that it is stable. Its disk stalls right after its promise:
    /// as long as the barrier is not committed, nothing may be served.
    /// </summary>
    [Theory, InlineData(false), InlineData(true)]
    public void NewMaster_WhoseBarrierIsNotDurable_ServesNothing(bool operation) => Scenario.Play(() =>
    {
        var (scenario, next) = TakeOverWithAnInheritedEntry();
        scenario.Until(() => scenario.At(next).Disk.PromisedEpoch == new Epoch(2), "its promise");
        next.Disk.StalledUntil = scenario.Cluster.World.Now + StalledFor;
        scenario.Until(() => scenario.At(next).IsMaster, "its own mastership");
        Assert.Equal(4, scenario.At(next).Applied);

        var call = operation ? scenario.Send(next, scenario.Operation(1)) : scenario.Read(next, masterOnly: true);
        var last = scenario.At(next).Disk.Last;
        scenario.Wait(TimeSpan.FromMilliseconds(150)); // less than a caller is let wait
        Assert.Null(call.Reply);
        Assert.False(scenario.At(next).IsServing);
        Assert.Equal(last, scenario.At(next).Disk.Last); // nor was it taken into the log
        scenario.Until(() => call.Reply is not null, "a word");
        Assert.Equal(operation ? ReplyKind.NotTaken : ReplyKind.Redirected, call.Reply!.Kind);

        scenario.Heal();
        Assert.Equal(5, scenario.At(next).Applied);
    });

    /// <summary>W7: also what is inherited must be applied before anything is served, however long that takes.</summary>
    [Fact]
    public void NewMaster_ThatStillAppliesWhatItInherited_AnswersNoRead() => Scenario.Play(() =>
    {
        var (scenario, next) = TakeOverWithAnInheritedEntry();
        next.ApplyTime = TimeSpan.FromMilliseconds(150);
        scenario.Until(() => scenario.At(next).IsMaster, "its own mastership");

        var call = scenario.Read(next, masterOnly: true);
        scenario.Wait(TimeSpan.FromMilliseconds(100));
        Assert.Null(call.Reply);
        scenario.Until(() => call.Reply is not null, "an answer");
        Assert.Equal(5, SimObject.Read(call.Reply!.Payload!).Count);
        scenario.Heal();
    });

    /// <summary>Created, crashed before its own sync, served by name (G2): being named in a row is not enough to serve its epoch.</summary>
    [Fact]
    public void Founder_ThatCrashesBeforeItsPromiseIsDurable_ServesOnlyAnEpochOfItsNewLife() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, untilRest: false);
        scenario.Until(() => scenario.Cluster.Store.Record(scenario.Group.Id) is not null, "the record");
        var founder = scenario.Master;
        founder.Disk.LandsAtCrash = false;
        scenario.Do(founder.Crash);
        Assert.Equal(Epoch.None, founder.ContentsOf(scenario.Group.Index).Promised);
        scenario.Do(() => founder.Start());
        scenario.Change();

        Assert.Equal(new Epoch(2), scenario.Record.Epoch);
        Assert.Equal(founder.StartCount, scenario.Record.Claim.Life.StartCount);
        scenario.Heal();
    });

    /// <summary>A second competitor meets a new master it never heard (L4): learning an epoch gives it the whole patience.</summary>
    [Fact]
    public void SecondCompetitor_ThatLearnsOfANewMasterFromTheRecord_LetsItBe() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(5);
        var (former, next, second) = (scenario.Master, scenario.Slaves[0], scenario.Slaves[1]);
        scenario.Cluster.Store.CutOff.Add(second.Index);
        scenario.Lose(next, second, _ => true); // it hears nothing of the new master
        scenario.Do(former.Crash);
        scenario.Until(() => scenario.Master == next, "a new master");
        var epoch = scenario.Record.Epoch;
        scenario.Cluster.Store.CutOff.Clear();
        scenario.Wait(TimeSpan.FromSeconds(1)); // less than its patience: it has read the record by now
        Assert.Equal(epoch, scenario.Record.Epoch);
        scenario.EndScript();
        scenario.Heal();
        Assert.Equal((epoch, next), (scenario.Record.Epoch, scenario.Master));
    });

    /// <summary>Stable point applied to an unverified tail (W6): the third holds entries of the old master that the new one has not; the stable point goes past them.</summary>
    [Fact]
    public void Slave_WithATailThatTheNewMasterHasNot_AppliesNothingOfIt() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(5);
        var (former, next, third) = (scenario.Master, scenario.Slaves[0], scenario.Slaves[1]);
        var last = scenario.At(third).Disk.Last.Index;
        scenario.Lose(former, next, Scenario.IsAppendWithEntries);
        for (var i = 1; i <= 3; i++) scenario.Send(former, scenario.Operation(i));
        scenario.Until(() => scenario.At(third).Disk.DurableIndex == last + 3, "a tail on the third");
        scenario.Do(former.Crash);
        scenario.Isolate(third);
        scenario.Until(() => scenario.At(next) is { IsServing: true }, "a new master", 10);
        scenario.Change(5); // without the third
        Assert.Equal(last + 3, scenario.At(third).Disk.Last.Index);
        scenario.Heal();
    });

    /// <summary>What was committed is not cut (W3, C2): a slave whose disk was rolled back becomes master, and asks the others to forget.</summary>
    [Fact]
    public void Slave_ThatIsToCutWhatItCommitted_IsQuarantined_AndKeepsIt() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(5);
        scenario.UntilAllRest();
        var (former, next, third) = (scenario.Master, scenario.Slaves[0], scenario.Slaves[1]);
        scenario.Cluster.MayQuarantine = scenario.Group.Checker.DisksMayForget = true;
        scenario.Do(next.Crash);
        var platter = next.ContentsOf(scenario.Group.Index);
        platter.CutFrom(platter.Last.Index.Previous()); // no rule covers a disk that forgets: but nobody else shall forget with it
        scenario.Cluster.Store.CutOff.Add(third.Index);
        scenario.Do(former.Crash);
        scenario.Do(() => next.Start());
        var kept = third.ContentsOf(scenario.Group.Index).Last;
        scenario.Until(() => scenario.At(third).Status.Trouble is not null, "the third is quarantined");
        Assert.Equal(kept, third.ContentsOf(scenario.Group.Index).Last);
        Assert.Equal(5, scenario.At(third).Applied);
    });

    /// <summary>A master crashes after its fifth acknowledgement, of whose being stable its slave has not heard; the slave has promised its epoch.</summary>
    private static (Scenario Scenario, SimNode Next) TakeOverWithAnInheritedEntry()
    {
        var scenario = new Scenario(Scenario.Pair, limits: l => l with { StableNoticeDelay = TimeSpan.FromSeconds(5) });
        scenario.Change(5);
        var (former, next) = (scenario.Master, scenario.Slaves[0]);
        Assert.Equal(4, scenario.At(next).Applied);
        scenario.Do(former.Crash);
        return (scenario, next);
    }

    /// <summary>
    /// A slave comes back with a torn tail: the entry that it wrote last is gone, and it cannot know whether it had acknowledged it (D4). As long as the others do
    /// not say that they have no more, it takes no office, however long the master is silent, nor after another start.
    /// </summary>
    [Fact]
    public void Slave_WithATornTail_DoesNotCompete_BeforeTheOthersAreKnownToHaveNoMore() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Lose(slave, master, message => message is AppendReply);
        var before = scenario.At(master).Disk.Last.Index;
        scenario.Send(master, scenario.Operation(1));
        scenario.Until(() => slave.ContentsOf(scenario.Group.Index).Last.Index > before, "the slave has it");
        scenario.Do(() =>
        {
            slave.Crash();
            master.Crash();
        });
        scenario.EndScript();
        var contents = slave.ContentsOf(scenario.Group.Index);
        contents.CutFrom(contents.Last.Index);
        contents.Tear();
        for (var start = 0; start < 2; start++)
        {
            scenario.Do(() => slave.Start());
            scenario.Wait(TimeSpan.FromSeconds(5));
            Assert.Equal(master, scenario.Master);
            Assert.False(scenario.At(slave).IsServing);
            scenario.Do(slave.Crash);
        }

        scenario.Do(() => slave.Start());
        scenario.Heal();
        scenario.Change();
    });
}
