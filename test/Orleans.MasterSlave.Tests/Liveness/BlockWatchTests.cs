using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Liveness;
using Xunit;

namespace Orleans.MasterSlave.Tests.Liveness;

public sealed class BlockWatchTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private readonly FakeTimeProvider _time = new();
    private readonly BlockWatch _watch;
    private readonly Replica _replica = new();

    public BlockWatchTests() => _watch = new BlockWatch(_time, Interval);

    [Fact]
    public void Thread_ThatLetsNothingThrough_IsBlocked_WhenTheLimitIsOver_AndThatIsToldOnce()
    {
        LookFor(Limit + Interval); // the first look asks, the others wait
        Assert.Empty(_replica.Told);
        LookFor(Interval);
        Assert.Equal("operations has blocked its thread for longer than ApplyTimeout (00:00:02)", Assert.Single(_replica.Told));
        LookFor(Limit * 3);
        Assert.Single(_replica.Told);
    }

    [Fact]
    public void Code_ThatOnlyAwaits_LetsThingsThrough_HoweverLongItTakes()
    {
        for (var looks = 0; looks < 100; looks++)
        {
            LookFor(Interval);
            _replica.GoOn();
        }

        Assert.Empty(_replica.Told);
    }

    [Fact]
    public void Replica_AtRest_IsNotAsked()
    {
        _replica.UnderWay = null;
        LookFor(Limit * 2);
        Assert.Equal(0, _replica.Asked);
    }

    [Fact]
    public void ProcessThatSlept_FindsNobodyBlocked()
    {
        LookFor(Interval);
        _time.Advance(TimeSpan.FromHours(1));
        _watch.Look([_replica]);
        Assert.Empty(_replica.Told);
    }

    [Fact]
    public void ThreadThatGoesOn_AndIsBlockedAgain_IsToldAgain()
    {
        LookFor(Limit + (Interval * 2));
        _replica.GoOn();
        LookFor(Limit + (Interval * 2));
        Assert.Equal(2, _replica.Told.Count);
    }

    private void LookFor(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += Interval)
        {
            _time.Advance(Interval);
            _watch.Look([_replica]);
        }
    }

    private sealed class Replica : IWatchedReplica
    {
        private readonly Queue<Action> _waiting = [];

        public Replica() => Thread = new ThreadProbe(action =>
        {
            Asked++;
            _waiting.Enqueue(action);
        });

        public int Asked { get; private set; }
        public OpenTurn? UnderWay { get; set; } = new("operations", Limit, "ApplyTimeout");
        public ThreadProbe Thread { get; }
        public List<string> Told { get; } = [];

        public void Blocked(string reason) => Told.Add(reason);

        public void GoOn()
        {
            while (_waiting.TryDequeue(out var action)) action();
        }
    }
}
