using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Simulated.Runs;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of asynchronous groups: what may be lost is found again (C2, C5).</summary>
public sealed class AsyncTests
{
    private static readonly SnapshotTrigger Often = new(10, 1 << 20);

    /// <summary>
    /// Of three replicas the third lags, and yet becomes the master. The other slave had applied all that was acknowledged: a snapshot of that would
    /// have left nothing to save as orphans, and the old master may never come back.
    /// </summary>
    [Fact]
    public void Slave_AheadOfItsNextMaster_SavesAllThatWasAcknowledged() => Scenario.Play(() =>
    {
        var scenario = new Scenario(new GroupShape(3, ReplicationMode.Asynchronous, 1), limits: l => l with { Snapshots = Often });
        scenario.Change(5);
        scenario.UntilAllRest();
        var (master, ahead, behind) = (scenario.Master, scenario.Slaves[0], scenario.Slaves[1]);
        scenario.Lose(master, behind, Scenario.IsAppendWithEntries);
        scenario.Change(30);
        scenario.Until(() => scenario.At(ahead).Applied == 35, "one slave has all");
        Assert.Equal(5, scenario.At(behind).Applied);
        scenario.Cluster.Store.CutOff.Add(ahead.Index);
        scenario.Do(master.Crash);
        scenario.Until(() => scenario.Master == behind && scenario.At(behind).IsServing, "the one behind becomes master");
        scenario.Cluster.Store.CutOff.Clear();
        scenario.Change(3);
        scenario.Until(() => scenario.At(ahead).Disk.Last == scenario.At(behind).Disk.Last, "the other follows it");

        Assert.Equal(30, ahead.ContentsOf(scenario.Group.Index).Orphans.Select(e => e.Request).Distinct().Count());
        scenario.Heal();
    });

    /// <summary>A snapshot that covers what a slave lacks waits for it, and is then saved: nothing more need happen.</summary>
    [Fact]
    public void Snapshot_WaitsForTheSlave_AndNoLonger() => Scenario.Play(() =>
    {
        var scenario = new Scenario(new GroupShape(2, ReplicationMode.Asynchronous, 1), limits: l => l with { Snapshots = Often });
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Hold(master, slave, Scenario.IsAppendWithEntries);
        scenario.Change(30);
        Assert.Null(scenario.At(master).Disk.Snapshot);

        scenario.EndScript();
        scenario.Do(scenario.Cluster.Network.ReleaseHeld);
        scenario.Wait(TimeSpan.FromMilliseconds(20));
        Assert.InRange(scenario.At(master).Disk.Snapshot!.Position.Index.Value, 10, 31);
        scenario.Heal();
    });
}
