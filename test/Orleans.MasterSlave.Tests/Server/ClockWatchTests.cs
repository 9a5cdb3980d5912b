using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Tests.Liveness;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>A clock that is far from the others' is told once, and once when it is right again (W9).</summary>
public sealed class ClockWatchTests
{
    private readonly LivenessPair _pair = new();
    private readonly FakeLogger _log = new();
    private readonly ClockWatch _watch;
    private TimeSpan _ahead; // the slave's clock

    public ClockWatchTests() => _watch = new ClockWatch(_pair.Master, new NodeClock(_pair.Time), _log);

    [Fact]
    public void Doubt_IsToldOnce_AndItsEndOnce()
    {
        Pass(60);
        Assert.Equal(0, _log.Collector.Count);
        _ahead = TimeSpan.FromHours(2);
        Pass(60);
        var doubt = Assert.Single(_log.Collector.GetSnapshot());
        Assert.Equal(LogLevel.Warning, doubt.Level);
        Assert.Contains("02:00:00", doubt.Message, StringComparison.Ordinal);
        _ahead = TimeSpan.Zero;
        Pass(120);
        Assert.Equal([LogLevel.Warning, LogLevel.Information], _log.Collector.GetSnapshot().Select(r => r.Level));
    }

    [Fact]
    public void ClockAtTheTolerance_DoesNotFillTheLog()
    {
        for (var i = 0; i < 500; i++)
        {
            _ahead = TimeSpan.FromSeconds(i % 2 == 0 ? 59.9 : 60.1);
            Pass(1);
        }

        Assert.Equal(1, _log.Collector.Count);
    }

    [Fact]
    public void SiloThatHearsNobody_DoesNotCallItsClockRight()
    {
        _ahead = TimeSpan.FromHours(-2);
        Pass(5);
        for (var i = 0; i < 100; i++)
        {
            _pair.Pass(_pair.Master.Times.HeartbeatInterval);
            _watch.Look();
        }

        Assert.Empty(_pair.Master.PeerClockOffsets);
        Assert.Equal(1, _log.Collector.Count);
    }

    private void Pass(int heartbeats)
    {
        for (var i = 0; i < heartbeats; i++)
        {
            _pair.Pass(_pair.Master.Times.HeartbeatInterval);
            _pair.Beat(_ahead);
            _watch.Look();
        }
    }
}
