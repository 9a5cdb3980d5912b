using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Simulated.Network;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of what goes from a master to a slave, and of replies that are late.</summary>
public sealed class StreamTests
{
    /// <summary>The log is held from a snapshot's index while it travels (C4): one snapshot is enough, however many are taken meanwhile.</summary>
    [Fact]
    public void Snapshot_ThatTravelsLong_IsFollowedByEntries() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, limits: l => l with
        {
            Snapshots = new SnapshotTrigger(20, 1 << 20), SnapshotChunkBytes = 64, MaxSlaveLagEntries = 10,
        });
        scenario.Change(5);
        var (master, behind) = (scenario.Master, scenario.Slaves[0]);
        scenario.Do(behind.Crash);
        scenario.Change(70);
        var pieces = 0;
        scenario.Hold(master, behind, m => m is InstallRequest && ++pieces > 3);
        scenario.Do(() => behind.Start());
        scenario.Until(() => pieces > 3, "pieces of a snapshot");
        scenario.Change(60);
        Assert.Equal(master, scenario.Master);
        scenario.EndScript();
        scenario.Do(scenario.Cluster.Network.ReleaseHeld);
        scenario.Heal();
        Assert.Equal(1, scenario.Cluster.World.Trace.Counts["snapshot installed"]);
    });

    /// <summary>A reply of an earlier stream tells nothing about this one (W3): as many batches are in flight as may be, no more, and the stream goes on.</summary>
    [Fact]
    public void Replies_OfAnEarlierStream_CountForNothing() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, limits: l => l with { MaxBatchEntries = 1, MaxBatchesInFlight = 2 });
        scenario.Change(5);
        scenario.UntilAllRest();
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Hold(slave, master, m => m is AppendReply);
        var calls = Enumerable.Range(1, 2).Select(i => scenario.Send(master, scenario.Operation(i))).ToList();
        scenario.Wait(scenario.Cluster.Options.Limits.LinkTimeout * 1.02); // both are given up: the way starts anew
        scenario.EndScript();
        var (inFlight, most) = (0, 0);
        scenario.Cluster.Network.Script = (_, to, message) =>
        {
            if (to == slave.Index && message is AppendRequest) most = Math.Max(most, ++inFlight);
            if (to == master.Index && message is AppendReply) inFlight--;
            return MessageFate.Passes;
        };
        calls.AddRange(Enumerable.Range(3, 8).Select(i => scenario.Send(master, scenario.Operation(i))));
        scenario.Until(() => calls.TrueForAll(c => c.IsAnswered), "answers", 1);
        Assert.InRange(most, 1, 2);
        Assert.Equal(2, scenario.Record.InSync.Length);
        scenario.Heal();
    });

    /// <summary>A cut takes its time, and meanwhile the replica breaks: it takes in nothing more of the append that asked for the cut (W3).</summary>
    [Fact]
    public void Append_ThatWaitedForACut_LooksAgainWhetherItIsStillWanted() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change(5);
        var (former, next, third) = (scenario.Master, scenario.Slaves[0], scenario.Slaves[1]);
        scenario.Cluster.MayQuarantine = true;
        var last = scenario.At(third).Disk.Last.Index;
        scenario.Lose(former, next, Scenario.IsAppendWithEntries);
        for (var i = 1; i <= 3; i++) scenario.Send(former, scenario.Operation(i));
        scenario.Until(() => scenario.At(third).Disk.DurableIndex == last + 3, "a tail on the third");
        scenario.Do(former.Crash);
        scenario.Isolate(third);
        scenario.Until(() => scenario.At(next) is { IsServing: true }, "a new master", 10);
        scenario.Change(5);
        scenario.EndScript();
        scenario.Cluster.Network.HealAll();
        scenario.Cluster.Store.CutOff.Clear();
        third.Disk.StalledUntil = scenario.Cluster.World.Now + TimeSpan.FromSeconds(2);
        scenario.Until(() => scenario.At(third).Disk.Last.Index < last + 3, "the cut begins");
        var cut = scenario.At(third).Disk.Last;
        third.Silo!.Lane.Post(() => third.Silo.Of(scenario.Group.Id).Replica.Fail("it broke", new IOException("simulated")));
        scenario.Wait(TimeSpan.FromSeconds(3));
        Assert.Equal(cut, scenario.At(third).Disk.Last);
        scenario.Do(third.Crash);
        scenario.Heal();
    });

    /// <summary>A confirmation under an earlier session that comes late does not replace the one in force (L3): the lease stays.</summary>
    [Fact]
    public void Confirmation_OfAnEarlierSession_ThatComesLate_TakesNoLease() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        scenario.UntilAllRest();
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        var held = false;
        scenario.Hold(slave, master, m => m is AppendReply && !held && (held = true));
        scenario.Send(master, scenario.Operation(1));
        scenario.Until(() => held, "a confirmation that is late");
        scenario.Do(() => ChangeSession(slave, master));
        scenario.Wait(TimeSpan.FromMilliseconds(300)); // the new session is heard of
        var call = scenario.Send(master, scenario.Operation(2));
        scenario.Until(() => call.IsAnswered, "a confirmation under the new session");
        Assert.True(scenario.MasterReadAt(master) is { Kind: Contracts.ReplyKind.Answered });
        scenario.Lose(master, slave, m => m is AppendRequest);
        scenario.Do(scenario.Cluster.Network.ReleaseHeld);
        scenario.Wait(TimeSpan.FromMilliseconds(20));
        Assert.True(scenario.MasterReadAt(master) is { Kind: Contracts.ReplyKind.Answered });
        scenario.Heal();
    });

    /// <summary>As when the slave competes for another group: patience with a life that was never heard is over.</summary>
    private static void ChangeSession(SimNode slave, SimNode master) =>
        Assert.True(slave.Silo!.Liveness.TryBeginCompeting(Scenario.NodeOf(master), life: 0, since: slave.Silo.Liveness.Now - TimeSpan.FromMinutes(1)));
}
