using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Tests.Diagnostics;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>The snapshots of a silo that stops: the quietest first, and no longer than allowed.</summary>
public sealed class StopSnapshotsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RecordedLog _log = new();
    private readonly List<string> _taken = [];

    [Fact]
    public async Task QuietestGroups_ComeFirst_AndThoseWithNothingNew_AreLeft()
    {
        await Snapshots().TakeAsync([Replica("busy", 9), Replica("clean", null), Replica("quiet", 1), Replica("middle", 5)], CancellationToken.None);
        Assert.Equal(["quiet", "middle", "busy"], _taken);
        Assert.Contains("3 groups", Assert.Single(_log.Lines).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneThatFails_DoesNotHoldUpTheOthers_AndIsTold()
    {
        var broken = Replica("broken", 1);
        broken.Snapshot = () => Task.FromException(new IOException("full"));
        await Snapshots().TakeAsync([broken, Replica("a", 2)], CancellationToken.None);
        Assert.Equal(["a"], _taken);
        Assert.Contains("1 did not (1 failed", Assert.Single(_log.Lines).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OnesThatNeverEnd_OrNeverAnswer_CostNoMoreThanTheLimit(bool answers)
    {
        var stuck = Replica("stuck", 1);
        stuck.Snapshot = () => new TaskCompletionSource().Task;
        if (!answers) stuck.Since = new TaskCompletionSource<DateTime?>().Task;
        var done = Snapshots().TakeAsync([stuck, Replica("a", 2)], CancellationToken.None);
        Assert.False(done.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(5));
        await done.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Contains("StopSnapshotLimit", Assert.Single(_log.Lines).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StopThatIsCutShort_EndsThemAtOnce()
    {
        using var cut = new CancellationTokenSource();
        var stuck = Replica("stuck", 1);
        stuck.Snapshot = () => new TaskCompletionSource().Task;
        var done = Snapshots().TakeAsync([stuck], cut.Token);
        await cut.CancelAsync();
        await done.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task LimitOfZero_TakesNone()
    {
        await new StopSnapshots(TimeSpan.Zero, _time, _log).TakeAsync([Replica("a", 1)], CancellationToken.None);
        Assert.Empty(_taken);
    }

    private StopSnapshots Snapshots() => new(TimeSpan.FromSeconds(5), _time, _log);

    private Stopping Replica(string key, int? lastEntry) => new(key, lastEntry is { } at ? DateTime.UnixEpoch.AddDays(at) : null, _taken);

    private sealed class Stopping(string key, DateTime? since, List<string> taken) : IStoppingReplica
    {
        public GroupId Group { get; } = new(GrainId.Create("test", key));
        public Task<DateTime?> Since { get; set; } = Task.FromResult(since);
        public Func<Task>? Snapshot { get; set; }

        public Task<DateTime?> UnsavedSinceAsync() => Since;

        public Task SnapshotAsync()
        {
            if (Snapshot is not null) return Snapshot();
            lock (taken) taken.Add(key);
            return Task.CompletedTask;
        }
    }
}
