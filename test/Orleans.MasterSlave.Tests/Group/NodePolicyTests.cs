using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Xunit;

namespace Orleans.MasterSlave.Tests.Group;

/// <summary>Which process is a node, and what it may do by itself, decision by decision (I2).</summary>
public sealed class NodePolicyTests
{
    private const string Here = "boot/8:1/77", Elsewhere = "boot/8:1/78";
    private static readonly Guid Confirmed = new("00000000-0000-0000-0000-000000000001");
    private static readonly Guid Sent = new("00000000-0000-0000-0000-000000000002");
    private static readonly Guid Foreign = new("00000000-0000-0000-0000-000000000003");

    public enum Folder { Empty, FirstStartDied, Known }

    public enum RowIs { Missing, Older, Confirmed, SentSince, Foreign, Released, OfNewerVersion, OlderOfElsewhere }

    [Theory]
    [InlineData(Folder.Empty, RowIs.Missing, Here, nameof(NodeStartStep.Claim))]
    [InlineData(Folder.FirstStartDied, RowIs.Missing, Elsewhere, nameof(NodeStartStep.Claim))]
    [InlineData(Folder.FirstStartDied, RowIs.SentSince, Here, nameof(NodeStartStep.Claim))] // it had landed
    [InlineData(Folder.FirstStartDied, RowIs.SentSince, Elsewhere, nameof(NodeStartStep.Watch))]
    [InlineData(Folder.Empty, RowIs.Confirmed, Here, nameof(NodeStartStep.RefuseCopy))] // the folder lost what it knew
    [InlineData(Folder.Known, RowIs.Confirmed, Here, nameof(NodeStartStep.Claim))]
    [InlineData(Folder.Known, RowIs.Confirmed, Elsewhere, nameof(NodeStartStep.Watch))]
    [InlineData(Folder.Known, RowIs.Confirmed, "", nameof(NodeStartStep.Watch))] // the system does not tell
    [InlineData(Folder.Known, RowIs.SentSince, Here, nameof(NodeStartStep.Claim))]
    [InlineData(Folder.Known, RowIs.SentSince, Elsewhere, nameof(NodeStartStep.Watch))]
    [InlineData(Folder.Known, RowIs.Foreign, Here, nameof(NodeStartStep.RefuseCopy))]
    [InlineData(Folder.Known, RowIs.Released, Elsewhere, nameof(NodeStartStep.Claim))]
    [InlineData(Folder.Known, RowIs.OfNewerVersion, Here, nameof(NodeStartStep.RefuseNewer))]
    [InlineData(Folder.Known, RowIs.Missing, Here, nameof(NodeStartStep.Claim))] // the store went back
    [InlineData(Folder.Known, RowIs.Missing, Elsewhere, nameof(NodeStartStep.Watch))]
    [InlineData(Folder.Known, RowIs.Older, Here, nameof(NodeStartStep.Claim))]
    [InlineData(Folder.Known, RowIs.Older, Elsewhere, nameof(NodeStartStep.Watch))]
    [InlineData(Folder.Known, RowIs.OlderOfElsewhere, Here, nameof(NodeStartStep.Watch))] // of a folder of the same backup, perhaps
    [InlineData(Folder.Known, RowIs.OlderOfElsewhere, Elsewhere, nameof(NodeStartStep.Watch))]
    public void Start_DecidesByWhatTheFolderKnowsOfTheRow(Folder folder, RowIs row, string place, string expected) =>
        Assert.Equal(expected, $"{NodePolicy.Start(RowOf(row), MemoryOf(folder), place)}");

    [Theory]
    [InlineData(Folder.Empty, RowIs.Missing, false)]
    [InlineData(Folder.FirstStartDied, RowIs.Missing, false)]
    [InlineData(Folder.Known, RowIs.Missing, true)]
    [InlineData(Folder.Known, RowIs.Older, true)]
    [InlineData(Folder.Known, RowIs.Confirmed, false)]
    [InlineData(Folder.Known, RowIs.Foreign, false)]
    public void WentBack_OnlyBehindAWriteThatIsKnownToHaveLanded(Folder folder, RowIs row, bool expected) =>
        Assert.Equal(expected, NodePolicy.WentBack(RowOf(row), MemoryOf(folder)));

    [Theory]
    [InlineData(RowIs.Missing, nameof(RenewalOutcome.WentBack))]
    [InlineData(RowIs.Older, nameof(RenewalOutcome.WentBack))]
    [InlineData(RowIs.Confirmed, nameof(RenewalOutcome.Unchanged))]
    [InlineData(RowIs.SentSince, nameof(RenewalOutcome.Landed))]
    [InlineData(RowIs.Foreign, nameof(RenewalOutcome.Displaced))]
    public void Refused_Renewal_IsExplainedByTheRow(RowIs row, string expected) =>
        Assert.Equal(expected, $"{NodePolicy.Refused(RowOf(row), RowOf(RowIs.SentSince)!, RowOf(RowIs.Confirmed)!)}");

    [Theory]
    [InlineData(nameof(NodeLeaseState.Held), false, StoreOutageBehavior.StopServingAlone, true)]
    [InlineData(nameof(NodeLeaseState.Held), false, StoreOutageBehavior.GoOn, true)]
    [InlineData(nameof(NodeLeaseState.Lapsed), true, StoreOutageBehavior.StopServingAlone, false)]
    [InlineData(nameof(NodeLeaseState.Lapsed), true, StoreOutageBehavior.GoOn, true)]
    [InlineData(nameof(NodeLeaseState.Lapsed), false, StoreOutageBehavior.GoOn, false)] // it slept: the store was not asked
    [InlineData(nameof(NodeLeaseState.Lost), true, StoreOutageBehavior.GoOn, false)]
    public void May_WhatNeedsNobodysConsent_OnlyUnderTheLease(string lease, bool storeIsOut, StoreOutageBehavior outage, bool expected)
    {
        var standing = new NodeStanding(Enum.Parse<NodeLeaseState>(lease), storeIsOut, outage, StoreWentBack: false);
        foreach (var act in Enum.GetValues<LoneAct>()) Assert.Equal(expected, NodePolicy.May(act, standing));
        foreach (var act in Enum.GetValues<LoneAct>()) Assert.Equal(expected && act != LoneAct.Create, NodePolicy.May(act, standing with { StoreWentBack = true }));
    }

    /// <summary>The holder counts by a clock that may be 1 % slow, the watcher by one that may be 1 % fast.</summary>
    [Fact]
    public void Watch_LastsLongerThanTheLease_ByEveryClock() =>
        Assert.True(NodePolicy.WatchFor(TimeSpan.FromSeconds(10)) / 1.01 > TimeSpan.FromSeconds(10) / 0.99);

    private static NodeMemory MemoryOf(Folder folder) => folder switch
    {
        Folder.Empty => NodeMemory.Empty,
        Folder.FirstStartDied => NodeMemory.Empty.Sending(new NodeWrite(Sent, 1, Here)),
        _ => NodeMemory.Landed(new NodeWrite(Confirmed, 5, Here)).Sending(new NodeWrite(Sent, 6, Here)),
    };

    private static NodeRecord? RowOf(RowIs row) => row switch
    {
        RowIs.Missing => null,
        RowIs.Older => Row(Foreign, 4),
        RowIs.OlderOfElsewhere => Row(Foreign, 4) with { Place = Elsewhere },
        RowIs.Confirmed => Row(Confirmed, 5),
        RowIs.SentSince => Row(Sent, 6),
        RowIs.Foreign => Row(Foreign, 6),
        RowIs.Released => Row(Sent, 6) with { Use = NodeUse.Released },
        _ => Row(Confirmed, 5) with { Level = FormatLevel.Known + 1 },
    };

    private static NodeRecord Row(Guid stamp, long renewal) => new()
    {
        Life = new NodeLife(new NodeId(new Guid(1, 2, 3, new byte[8])), 2),
        Nonce = Confirmed,
        Renewal = renewal,
        Stamp = stamp,
        Lease = TimeSpan.FromSeconds(10),
        Use = NodeUse.Running,
        Place = Here,
    };
}
