using Orleans.MasterSlave.Liveness;
using Xunit;

namespace Orleans.MasterSlave.Tests.Liveness;

/// <summary>Who wakes asks before it judges (L8).</summary>
public sealed class WakeWatchTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);
    private static readonly DateTime Utc = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>A replica's thread may run before the loop does.</summary>
    [Fact]
    public void ProcessThatSlept_JudgesNothing_AlsoBeforeItsLoopHasLooked()
    {
        var watch = new WakeWatch(Lease, At(0), Utc);
        Assert.True(watch.MayJudge(At(0.4), Utc + At(0.4)));
        Assert.False(watch.MayJudge(At(5), Utc + At(5)));
        Assert.True(watch.Look(At(5), Utc + At(5)));
        Assert.False(watch.MayJudge(At(5.4), Utc + At(5.4)));
        for (var at = 5.1; at < 6.1; at += 0.1) Assert.False(watch.Look(At(at), Utc + At(at)));
        Assert.True(watch.MayJudge(At(6.1), Utc + At(6.1)));
    }

    /// <summary>While a machine is suspended the monotonic clock may stand still.</summary>
    [Theory, InlineData(3_600), InlineData(-3_600), InlineData(0.6), InlineData(-0.6)]
    public void WallClockThatJumps_IsAWaking(double seconds)
    {
        var watch = new WakeWatch(Lease, At(0), Utc);
        Assert.False(watch.MayJudge(At(0.1), Utc + At(0.1 + seconds)));
        Assert.True(watch.Look(At(0.1), Utc + At(0.1 + seconds)));
        Assert.Equal(At(0.1), watch.WokeAt);
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
