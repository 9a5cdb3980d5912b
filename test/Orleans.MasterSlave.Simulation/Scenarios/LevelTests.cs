using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of a newer version among the silos (I5): what this one does not know it neither changes nor obeys, and it skips nothing.</summary>
public sealed class LevelTests
{
    [Fact]
    public void Record_OfAHigherLevel_IsNotObeyed() => Play((scenario, _, slave) =>
    {
        scenario.Do(slave.Crash);
        Raise(scenario);
        scenario.Do(() => slave.Start());
        scenario.Until(() => slave.Silo!.IsUp, "the node is up");
        Stops(scenario, slave, "format level");
    });

    /// <summary>The master wants its silent slave out of the record, and must not write what it does not know.</summary>
    [Fact]
    public void Record_OfAHigherLevel_IsNotSwapped() => Play((scenario, _, slave) =>
    {
        Raise(scenario);
        var raised = scenario.Record;
        scenario.Do(slave.Crash);
        scenario.Wait(TimeSpan.FromSeconds(5));
        Assert.Equal(raised, scenario.Record);
    });

    [Fact]
    public void Message_OfAHigherLevel_StopsTheSlave() => Play((scenario, _, slave) =>
    {
        scenario.Send(slave, Append(scenario, slave, level: FormatLevel.Known + 1));
        Stops(scenario, slave, "format level");
    });

    [Fact]
    public void Entry_OfAnUnknownKind_StopsTheSlave_AndIsNotStored() => Play((scenario, _, slave) =>
    {
        scenario.Send(slave, Append(scenario, slave, FormatLevel.Known, (EntryKind)77));
        Stops(scenario, slave, "kind 77");
    });

    [Fact]
    public void Entry_WithUnknownFlags_StopsTheSlave_AndIsNotStored() => Play((scenario, _, slave) =>
    {
        scenario.Send(slave, Append(scenario, slave, FormatLevel.Known, EntryKind.Operation, flags: (EntryFlags)4));
        Stops(scenario, slave, "flags 4");
    });

    private static void Play(Action<Scenario, SimNode, SimNode> go) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(3);
        scenario.UntilAllRest();
        scenario.Cluster.MayQuarantine = true;
        go(scenario, scenario.Master, scenario.Slaves[0]);
    });

    private static void Raise(Scenario scenario) =>
        scenario.Cluster.Store.Restore(scenario.Record with { Level = FormatLevel.Known + 1, Version = scenario.Record.Version + 1 });

    private static AppendRequest Append(Scenario scenario, SimNode slave, int level, EntryKind kind = EntryKind.Operation, EntryFlags flags = EntryFlags.None)
    {
        var record = scenario.Record;
        var last = scenario.At(slave).Disk.Last;
        var entry = new LogEntry { Kind = kind, Flags = flags, Position = new LogPosition(record.Epoch, last.Index.Next()), TimeUtc = scenario.UtcNow, Payload = new byte[8] };
        return new AppendRequest
        {
            Header = new MasterHeader(record.Claim.Life, record.Store, record.Epoch, record.DataLossCount, record.Version, InSync: true) { Birth = record.Birth, Level = level, Receiver = Scenario.NodeOf(slave) },
            Previous = last,
            Stable = last.Index,
            Entries = [entry],
        };
    }

    private static void Stops(Scenario scenario, SimNode slave, string reason)
    {
        var last = scenario.At(slave).Disk.Last;
        scenario.Wait(TimeSpan.FromSeconds(1));
        Assert.Contains(reason, scenario.At(slave).Status.Trouble ?? "", StringComparison.Ordinal);
        Assert.Equal(last, scenario.At(slave).Disk.Last);
    }
}
