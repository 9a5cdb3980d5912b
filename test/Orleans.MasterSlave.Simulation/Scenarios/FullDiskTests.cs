using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Simulated.Disk;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of disks that are full for a while: what they refuse was not written, and all goes on when there is room (D5).</summary>
public sealed class FullDiskTests
{
    [Fact]
    public void Master_WithoutRoom_RefusesOperations_AndExecutesThemWhenThereIsRoom() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change();
        var master = scenario.Master;
        master.Disk.FullFor = RefusedWrites.Entries;
        var refused = scenario.Soon(scenario.Send(master, scenario.Operation(1)));
        Assert.Equal((ReplyKind.Refused, RefusalReason.DiskFull), (refused!.Kind, refused.Refusal));
        Assert.True(scenario.Read(master, masterOnly: true) is var read && scenario.Soon(read)!.Kind == ReplyKind.Answered, "reads go on");

        master.Disk.FullFor = RefusedWrites.None;
        Assert.Equal(ReplyKind.Answered, scenario.Soon(scenario.Send(master, scenario.Operation(1)))!.Kind);
        scenario.Heal();
    });

    [Theory]
    [InlineData(RefusedWrites.Entries)]
    [InlineData(RefusedWrites.Entries | RefusedWrites.Files)]
    [InlineData(RefusedWrites.All)]
    public void Slave_WithoutRoom_IsTakenOutOfSync_AndComesBackWhenThereIsRoom(RefusedWrites full) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change();
        var slave = scenario.Slaves[0];
        slave.Disk.FullFor = full;
        scenario.Change(30);
        Assert.False(scenario.Record.IsInSync(Scenario.NodeOf(slave)));

        slave.Disk.FullFor = RefusedWrites.None;
        scenario.Heal();
    });

    /// <summary>
    /// It was sent all entries, and had no room for them; then the master drops them, and sends a snapshot instead. The slave must not take
    /// that for one that its entries have overtaken.
    /// </summary>
    [Fact]
    public void Slave_ThatRefusedEntries_TakesTheSnapshotThatReplacesThem() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, limits: l => l with { MaxSlaveLagEntries = 4 });
        scenario.Change();
        var slave = scenario.Slaves[0];
        slave.Disk.FullFor = RefusedWrites.Entries;
        scenario.Change(20);
        scenario.Wait(TimeSpan.FromSeconds(5)); // every entry was offered
        scenario.Do(() => scenario.Master.Silo!.Lane.Post(() => scenario.Master.Silo!.Of(scenario.Group.Id).Replica.SnapshotWanted()));
        scenario.Until(() => scenario.At(scenario.Master).Disk.Base.Index > scenario.At(slave).Disk.Last.Index, "the entries are gone");

        slave.Disk.FullFor = RefusedWrites.None;
        scenario.Heal();
    });

    /// <summary>The promise is refused: it takes no office, and does when there is room.</summary>
    [Fact]
    public void Slave_WithoutRoom_TakesNoOffice_UntilThereIsRoom() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change();
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        slave.Disk.FullFor = RefusedWrites.All;
        scenario.Do(master.Crash);
        scenario.Wait(TimeSpan.FromSeconds(5));
        Assert.False(scenario.At(slave).IsServing);

        slave.Disk.FullFor = RefusedWrites.None;
        scenario.Until(() => scenario.At(slave).IsServing, "it serves", 5);
        scenario.Change();
        scenario.Heal();
    });
}
