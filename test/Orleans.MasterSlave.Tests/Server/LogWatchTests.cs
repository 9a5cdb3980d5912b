using Microsoft.Extensions.Logging.Abstractions;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Tests.Journal;
using Orleans.MasterSlave.Tests.Liveness;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

public sealed class LogWatchTests
{
    [Fact]
    public async Task LogThatHangsInASync_IsNoSignOfLife_UntilItGoesOn()
    {
        var pair = new LivenessPair();
        var (time, liveness) = (pair.Time, pair.Master);
        using var hanging = new ManualResetEventSlim(initialState: true);
        using var entered = new ManualResetEventSlim();
        var files = new FaultyFiles(new SimulatedFiles(), (name, path) =>
        {
            if (hanging.IsSet || name != "Sync" || !path.EndsWith(".segment", StringComparison.Ordinal)) return;
            entered.Set();
            hanging.Wait();
        });
        await using var fixture = LogFixture.Open(files, time: time);
        var watch = new LogWatch(fixture.Log, liveness, TimeSpan.FromSeconds(5), NullLogger.Instance);
        Assert.False(SaysItCannotServe(watch, pair));

        hanging.Reset();
        var append = fixture.Log.OpenReplica(LogFixture.GroupOf("a")).AppendAsync(LogFixture.Entries(1, 1, 1));
        entered.Wait(TestContext.Current.CancellationToken);
        foreach (var seconds in Enumerable.Repeat(0.25, 20))
        {
            time.Advance(TimeSpan.FromSeconds(seconds));
            Assert.False(SaysItCannotServe(watch, pair)); // a disk may pause
        }

        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(SaysItCannotServe(watch, pair));
        Assert.True(liveness.CannotServe);

        hanging.Set();
        await append;
        await fixture.Log.OpenReplica(LogFixture.GroupOf("a")).AppendAsync([]);
        SpinWait.SpinUntil(() => fixture.Log.BusyFor == TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.False(SaysItCannotServe(watch, pair));
        Assert.False(liveness.CannotServe);
    }

    /// <summary>The slave answers: a node that nobody answers says the same for another reason.</summary>
    private static bool SaysItCannotServe(LogWatch watch, LivenessPair pair)
    {
        watch.Look();
        return pair.Beat().IsNoSignOfLife;
    }
}
