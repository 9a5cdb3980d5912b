using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Network;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of what a slave takes into its log.</summary>
public sealed class SlaveLogTests
{
    /// <summary>A late doubled append cuts acknowledged entries (W3).</summary>
    [Fact]
    public void Append_ThatComesASecondTime_CutsNothingBehindIt() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Double(master, slave, Scenario.IsAppendWithEntries);
        scenario.Change();
        scenario.EndScript();
        scenario.Change(5);
        var last = scenario.At(slave).Disk.Last;

        scenario.Do(scenario.Cluster.Network.ReleaseHeld);
        scenario.Wait(TimeSpan.FromMilliseconds(20));

        Assert.Equal(last, scenario.At(slave).Disk.Last);
        Assert.Equal(last, slave.ContentsOf(scenario.Group.Index).Last);
        scenario.Heal();
    });

    /// <summary>The same before the slave knows that any of it is stable: what it has acknowledged it must keep.</summary>
    [Fact]
    public void Append_ThatComesASecondTime_CutsNothingThatIsAcknowledged() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        scenario.UntilAllRest();
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Hold(slave, master, m => m is AppendReply);
        var doubled = 0;
        scenario.Double(master, slave, m => Scenario.IsAppendWithEntries(m) && doubled++ == 0);
        var calls = new List<Call>();
        for (var i = 1; i <= 3; i++)
        {
            calls.Add(scenario.Send(master, scenario.Operation(i)));
            scenario.Wait(TimeSpan.FromMilliseconds(20));
        }

        var last = scenario.At(master).Disk.Last;
        scenario.EndScript();
        scenario.Do(scenario.Cluster.Network.ReleaseHeld); // the replies, and the first append once more
        scenario.Until(() => calls.TrueForAll(c => c.IsAnswered), "answers");
        Assert.Equal(last, scenario.At(slave).Disk.Last);
        scenario.Heal();
    });

    /// <summary>
    /// W3: a late piece of a snapshot comes while the slave's disk is stalled, for a position that entries have brought to its log already. The master
    /// counts the answer as an acknowledgement: so there is none before the entries are durable.
    /// </summary>
    [Fact]
    public void Install_OfWhatTheLogHasAlready_IsAnsweredWhenThatIsDurable() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.UntilAllRest();
        var before = scenario.At(slave).Disk.Last.Index;
        slave.Disk.StalledUntil = scenario.Cluster.World.Now + TimeSpan.FromMilliseconds(500);
        scenario.Send(master, scenario.Operation(1));
        scenario.Until(() => scenario.At(slave).Disk.Last.Index > before, "the entry at the slave");
        var last = scenario.At(slave).Disk.Last;
        Assert.True(scenario.At(slave).Disk.DurableIndex < last.Index);

        var record = scenario.Record;
        var install = scenario.Send(slave, new InstallRequest
        {
            Header = new MasterHeader(record.Claim.Life, record.Store, record.Epoch, record.DataLossCount, record.Version, InSync: true) { Birth = record.Birth, Receiver = Scenario.NodeOf(slave) },
            Position = last,
            DataLossCount = record.DataLossCount,
            TimeUtc = scenario.UtcNow,
            TotalBytes = 8,
            Offset = 0,
            Chunk = new byte[8],
        });
        scenario.Until(() => install.Reply is not null, "an answer");
        Assert.Equal(AppendOutcome.Appended, install.Reply!.Outcome);
        Assert.True(scenario.At(slave).Disk.DurableIndex >= last.Index);
        scenario.Heal();
    });

    /// <summary>An install interrupted twice (C4): by a crash of the slave, and by a crash of the master; a piece comes twice.</summary>
    [Fact]
    public void Install_InterruptedTwice_GivesTheSlaveWhatTheMasterHas() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three, limits: l => l with
        {
            Snapshots = new SnapshotTrigger(20, 1 << 20), SnapshotChunkBytes = 64, MaxSlaveLagEntries = 10,
        });
        scenario.Change(5);
        var (master, next, behind) = (scenario.Master, scenario.Slaves[0], scenario.Slaves[1]);
        scenario.Do(behind.Crash);
        scenario.Change(70);
        var pieces = 0;
        scenario.Cluster.Network.Script = (_, to, message) =>
        {
            if (to != behind.Index || message is not InstallRequest) return MessageFate.Passes;
            return ++pieces % 3 == 0 ? MessageFate.IsDoubled : MessageFate.Passes;
        };
        scenario.Do(() => behind.Start());
        scenario.Until(() => pieces >= 4, "pieces of a snapshot");
        scenario.Do(behind.Crash);
        scenario.Do(() => behind.Start());
        scenario.Until(() => pieces >= 8, "more pieces");
        scenario.Do(scenario.Cluster.Network.ReleaseHeld);
        scenario.Do(master.Crash);
        scenario.Until(() => scenario.At(next).IsServing, "another master");
        scenario.Change(30);
        Assert.True(scenario.At(behind).Disk.Base.Index.Value < 30 || pieces > 8);
        scenario.Heal();
        Assert.True(behind.ContentsOf(scenario.Group.Index).Base.Index.Value > 20);
    });
}
