using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Tests.Diagnostics;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

public sealed class SnapshotRequestsTests
{
    [Fact]
    public async Task Want_OfManyGroups_AsksAFewAtATime()
    {
        var time = new FakeTimeProvider();
        var asked = new List<int>();
        using var arrived = new SemaphoreSlim(0);
        using var stop = new CancellationTokenSource();
        using var meters = new TestMeters();
        var requests = new SnapshotRequests(groups =>
        {
            lock (asked) asked.Add(groups.Count);
            arrived.Release();
        }, time, new NodeFaults(new MasterSlaveMetrics(meters), NullLogger.Instance));
        var running = requests.RunAsync(stop.Token);
        requests.Want([.. Enumerable.Range(0, SnapshotRequests.AtOnce + 5).Select(i => LogFixture.GroupOf($"g{i}"))]);
        await arrived.WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(await arrived.WaitAsync(0, TestContext.Current.CancellationToken));
        while (!await arrived.WaitAsync(0, TestContext.Current.CancellationToken))
        {
            time.Advance(SnapshotRequests.Pause);
            await Task.Yield();
        }

        Assert.Equal([SnapshotRequests.AtOnce, 5], asked);
        await stop.CancelAsync();
        await running;
    }
}
