using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replication.Master;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;

namespace Orleans.MasterSlave.Tests.Replication;

public sealed class LagMeterTests
{
    [Fact]
    public void SlaveBehindByMoreThanTheLimit_IsBeyondIt_ToWithinAStep()
    {
        const int entryBytes = 10_000, limit = 1_000_000;
        var meter = new LagMeter(limit);
        Assert.False(meter.IsBeyondLimit(LogIndex.None));
        for (var i = 1; i <= 1_000; i++)
        {
            meter.Appended(LogFixture.Entry(1, i, new string('x', entryBytes)));
            foreach (var behind in new[] { 0, 50, 90 }) Assert.False(meter.IsBeyondLimit(new LogIndex(Math.Max(0, i - behind))), $"{behind} behind {i}");
            foreach (var behind in new[] { 110, 500 })
                if (i > behind) Assert.True(meter.IsBeyondLimit(new LogIndex(i - behind)), $"{behind} behind {i}");
        }
    }
}
