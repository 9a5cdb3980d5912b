using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Tests.Diagnostics;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

public sealed class HeartbeatLoopTests
{
    /// <summary>A step that throws at every turn is logged once, and the loop goes on until the silo stops.</summary>
    [Fact]
    public async Task Loop_WhoseStepThrows_GoesOn_AndLogsItOnce()
    {
        var time = new FakeTimeProvider();
        await using var fixture = LogFixture.Open(new SimulatedFiles(), time: time);
        var liveness = new NodeLiveness(new NodeLife(new NodeId(Guid.NewGuid()), 1), new StoreId(Guid.NewGuid()), new LivenessTimes(), time);
        var broken = new Broken();
        liveness.StartTicks(broken);
        var log = new RecordedLog();
        using var meters = new TestMeters();
        var faults = new NodeFaults(new MasterSlaveMetrics(meters), log);
        var watch = new LogWatch(fixture.Log, liveness, TimeSpan.FromSeconds(5), NullLogger.Instance);
        var nodes = new NodeDirectory(null!, null!, null!, null!, time, faults, NullLogger<NodeDirectory>.Instance);
        var loop = new HeartbeatLoop(liveness, nodes, watch, null!, time, faults, NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        var running = loop.RunAsync(stop.Token);
        for (var turn = 1; turn <= 5; turn++)
        {
            time.Advance(liveness.Times.HeartbeatInterval / 4);
            await broken.Ticked.WaitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Single(log.Lines, line => line.Level == LogLevel.Error && line.Message.Contains(nameof(DivideByZeroException), StringComparison.Ordinal));
        await stop.CancelAsync();
        await running;
    }

    private sealed class Broken : IReplicaListener
    {
        public SemaphoreSlim Ticked { get; } = new(0);
        public GroupId Group { get; } = LogFixture.GroupOf("a");

        public void Tick()
        {
            Ticked.Release();
            throw new DivideByZeroException();
        }

        public void PeerChanged()
        {
        }

        public void MasterResigned(Epoch epoch)
        {
        }

        public void SlaveStartedAnew(NodeId slave)
        {
        }

        public bool IsSlaveBehind(NodeId slave, TimeSpan since) => false;
    }
}
