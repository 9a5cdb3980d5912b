using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Node;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

public sealed class RoundTripWatchTests
{
    [Theory]
    [InlineData(266, 0, 0)]
    [InlineData(300, 0, 1)]
    [InlineData(1, 1, 0)] // one late one in two hundred is nothing
    [InlineData(1, 3, 1)]
    public void Warns_WhenOneInAHundredIsTooLong(int usual, int late, int warnings)
    {
        var log = new FakeLogger();
        var watch = new RoundTripWatch(new LivenessTimes(), new FakeTimeProvider(), log);
        for (var i = 0; i < 200; i++) watch.Took(TimeSpan.FromMilliseconds(i < late ? 300 : usual));
        Assert.Equal(warnings, log.Collector.GetSnapshot().Count(r => r.Level == LogLevel.Warning));
    }

    [Fact]
    public void Warns_NotMoreOftenThanEveryTenMinutes()
    {
        var (log, time) = (new FakeLogger(), new FakeTimeProvider());
        var watch = new RoundTripWatch(new LivenessTimes(), time, log);
        for (var i = 0; i < 2_000; i++) watch.Took(TimeSpan.FromMilliseconds(300));
        Assert.Equal(1, log.Collector.Count);
        time.Advance(TimeSpan.FromMinutes(10));
        for (var i = 0; i < 200; i++) watch.Took(TimeSpan.FromMilliseconds(300));
        Assert.Equal(2, log.Collector.Count);
    }
}
