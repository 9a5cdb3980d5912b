using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Replication.Master;
using Xunit;

namespace Orleans.MasterSlave.Tests.Replication;

/// <summary>The reason that an operator is told first is the one that he has to do something about.</summary>
public sealed class AbsenceTests
{
    [Theory]
    [InlineData(PlaceState.UnknownNode, false, false, false, null, AbsenceReason.UnknownNode)]
    [InlineData(PlaceState.Down, true, true, true, "x", AbsenceReason.Down)]
    [InlineData(PlaceState.NoClass, false, true, false, "x", AbsenceReason.NoClass)]
    [InlineData(PlaceState.PlainClass, false, true, false, "x", AbsenceReason.PlainClass)]
    [InlineData(PlaceState.Fits, true, true, true, "x", AbsenceReason.Leaving)]
    [InlineData(PlaceState.Fits, false, false, true, "a filter refuses it", AbsenceReason.Silent)]
    [InlineData(PlaceState.Fits, false, true, true, "quarantined", AbsenceReason.Refused)]
    [InlineData(PlaceState.Fits, false, true, false, "OnActivateAsync throws", AbsenceReason.Unreachable)]
    [InlineData(PlaceState.ManifestNotKnown, false, true, false, null, AbsenceReason.CatchingUp)]
    internal void Reason_IsTheFirstThatExplainsIt(PlaceState place, bool leaving, bool heard, bool failed, string? trouble, AbsenceReason expected)
    {
        var absence = Absence.Of(new NodeId(Guid.NewGuid()), new SlaveFacts(place, leaving, heard, failed, trouble));
        Assert.Equal(expected, absence.Reason);
        Assert.Contains(trouble ?? "node", absence.ToString(), StringComparison.Ordinal);
    }
}
