using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>What a node says of its data before a group is made (I4).</summary>
public sealed class GroupHoldingTests
{
    [Fact]
    public async Task Group_IsHeld_FromItsFirstPromise_UntilItIsDropped_OverStarts()
    {
        var files = new SimulatedFiles();
        var (group, other) = (GroupOf("a"), GroupOf("b"));
        await using (var first = Open(files))
        {
            Assert.Equal(GroupHolding.Nothing, first.Log.HoldingOf(group));
            var log = first.Log.OpenReplica(group);
            Assert.Equal(GroupHolding.Nothing, first.Log.HoldingOf(group)); // opened, and empty
            await log.PromiseAsync(new Epoch(1));
            Assert.Equal(GroupHolding.Data, first.Log.HoldingOf(group));
        }

        await using (var second = Open(files))
        {
            Assert.Equal(GroupHolding.Data, second.Log.HoldingOf(group)); // not opened yet
            Assert.Equal(GroupHolding.Nothing, second.Log.HoldingOf(other));
            second.Log.OpenReplica(group);
            Assert.Equal(GroupHolding.Data, second.Log.HoldingOf(group));
            await second.Log.DropReplicaAsync(group);
            Assert.Equal(GroupHolding.Nothing, second.Log.HoldingOf(group));
        }

        await using var third = Open(files);
        Assert.Equal(GroupHolding.Nothing, third.Log.HoldingOf(group));
    }
}
