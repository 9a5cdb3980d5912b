using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

public sealed class LogWatchTests
{
    private static readonly NodeId Slave = new(Guid.NewGuid());

    [Fact]
    public async Task LogThatHangsInASync_IsNoSignOfLife_UntilItGoesOn()
    {
        var time = new FakeTimeProvider();
        using var hanging = new ManualResetEventSlim(initialState: true);
        using var entered = new ManualResetEventSlim();
        var files = new FaultyFiles(new SimulatedFiles(), (name, path) =>
        {
            if (hanging.IsSet || name != "Sync" || !path.EndsWith(".segment", StringComparison.Ordinal)) return;
            entered.Set();
            hanging.Wait();
        });
        await using var fixture = LogFixture.Open(files, time: time);
        var store = new StoreId(Guid.NewGuid());
        var liveness = new NodeLiveness(new NodeLife(new NodeId(Guid.NewGuid()), 1), store, new LivenessTimes(), time);
        liveness.AddSlave(Slave, new Silent());
        var watch = new LogWatch(fixture.Log, liveness, TimeSpan.FromSeconds(5), NullLogger.Instance);
        Assert.False(SaysItCannotServe(watch, liveness));

        hanging.Reset();
        var append = fixture.Log.OpenReplica(LogFixture.GroupOf("a")).AppendAsync(LogFixture.Entries(1, 1, 1));
        entered.Wait(TestContext.Current.CancellationToken);
        foreach (var seconds in Enumerable.Repeat(0.25, 20))
        {
            time.Advance(TimeSpan.FromSeconds(seconds));
            Assert.False(SaysItCannotServe(watch, liveness)); // a disk may pause
        }

        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(SaysItCannotServe(watch, liveness));
        Assert.True(liveness.CannotServe);

        hanging.Set();
        await append;
        await fixture.Log.OpenReplica(LogFixture.GroupOf("a")).AppendAsync([]);
        SpinWait.SpinUntil(() => fixture.Log.BusyFor == TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.False(SaysItCannotServe(watch, liveness));
        Assert.False(liveness.CannotServe);
    }

    private static bool SaysItCannotServe(LogWatch watch, NodeLiveness liveness)
    {
        watch.Look();
        var heartbeat = Assert.Single(liveness.HeartbeatsDue()).Heartbeat;
        liveness.OnHeartbeatReply(Slave, new HeartbeatReply
        {
            Replier = new NodeLife(Slave, 1), Number = heartbeat.Number, Session = new LeaseSession(1, 1), Now = liveness.Now, UtcNow = heartbeat.UtcNow,
            GrantedLease = liveness.Times.GrantedLease, PromotionWait = liveness.Times.PromotionWait, StartedAnew = [],
        });
        return heartbeat.IsNoSignOfLife;
    }

    private sealed class Silent : IReplicaListener
    {
        public bool IsSlaveBehind(NodeId slave, TimeSpan before) => false;
        public GroupId Group { get; } = LogFixture.GroupOf("a");
        public void PeerChanged() { }
        public void MasterResigned(Epoch epoch) { }
        public void SlaveStartedAnew(NodeId slave) { }
        public void Tick() { }
    }
}
