using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;

namespace Orleans.MasterSlave.Tests.Group;

public sealed class TimedGroupStoreTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly GroupId Group = LogFixture.GroupOf("a");

    private readonly FakeTimeProvider _time = new();
    private readonly HangingStore _inner = new();
    private readonly Told _told = new();
    private readonly TimedGroupStore _store;

    public TimedGroupStoreTests() => _store = new TimedGroupStore(_inner, Limit, _time, _told);

    [Fact]
    public async Task Call_ThatNeverEnds_EndsWithUnknownOutcome_AtTheLimit()
    {
        var read = _store.ReadAsync(Group);
        _time.Advance(Limit - TimeSpan.FromMilliseconds(1));
        Assert.False(read.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Assert.ThrowsAsync<TimeoutException>(() => read);
        Assert.Equal(1, _told.Hangs);
    }

    [Fact]
    public async Task Hanging_IsReportedOnceAMinute_AndOnceWhenItIsOver()
    {
        for (var i = 0; i < 10; i++) await GiveUpAsync();
        Assert.Equal(1, _told.Hangs);
        _time.Advance(TimeSpan.FromMinutes(1));
        await GiveUpAsync();
        Assert.Equal(2, _told.Hangs);

        _inner.Answers = true;
        await _store.ReadAsync(Group);
        await _store.ReadAsync(Group);
        Assert.Equal(1, _told.Answers);
    }

    /// <summary>Calls that were given up are bounded: beyond the bound only a trial goes to the store now and then.</summary>
    [Fact]
    public async Task GivenUpCalls_AreBounded()
    {
        for (var i = 0; i < TimedGroupStore.MostHanging; i++) await GiveUpAsync();
        Assert.Equal(TimedGroupStore.MostHanging, _inner.Calls);
        var trial = _store.ReadAsync(Group);
        await Assert.ThrowsAsync<TimeoutException>(() => _store.ReadAsync(Group));
        Assert.Equal(TimedGroupStore.MostHanging + 1, _inner.Calls);
        _time.Advance(Limit);
        await Assert.ThrowsAsync<TimeoutException>(() => trial);

        _inner.Answers = true;
        _time.Advance(Limit);
        await _store.ReadAsync(Group); // the next trial finds that it answers
        _inner.EndAll();
        for (var i = 0; i < 10; i++) await _store.ReadAsync(Group);
    }

    private async Task GiveUpAsync()
    {
        var read = _store.ReadAsync(Group);
        _time.Advance(Limit);
        await Assert.ThrowsAsync<TimeoutException>(() => read);
    }

    private sealed class HangingStore : IGroupStore
    {
        private readonly List<TaskCompletionSource<StoredGroup?>> _open = [];

        public bool Answers { get; set; }
        public int Calls { get; private set; }

        public Task<StoredGroup?> ReadAsync(GroupId group)
        {
            Calls++;
            if (Answers) return Task.FromResult<StoredGroup?>(null);
            _open.Add(new TaskCompletionSource<StoredGroup?>());
            return _open[^1].Task;
        }

        public Task<StoredGroup?> SwapAsync(GroupRecord next, string? expectedETag) => ReadAsync(next.Group);

        public void EndAll() => _open.ForEach(call => call.TrySetException(new IOException("late")));
    }

    private sealed class Told : IStoreEvents
    {
        public int Hangs { get; private set; }
        public int Answers { get; private set; }

        public void StoreHangs(TimeSpan limit, int hanging) => Hangs++;

        public void StoreAnswersAgain() => Answers++;
    }
}
