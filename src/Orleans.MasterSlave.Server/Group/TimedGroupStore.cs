using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// The group store with a limit on each call. A call that has not ended by then counts as one of unknown outcome and is settled as such
/// (G1): it may still land. Shared by the coordinators of a node; thread-safe.
/// </summary>
/// <remarks>
/// A call that was given up cannot be stopped. When <see cref="MostHanging"/> of them are still open, only one new call in each limit is
/// let through, to learn whether the store answers again; the others fail at once, before they reach the store.
/// </remarks>
internal sealed class TimedGroupStore(IGroupStore store, TimeSpan limit, TimeProvider time, IStoreEvents events) : IGroupStore
{
    public const int MostHanging = 256;
    private static readonly TimeSpan ReportAgain = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private int _hanging;                 // calls that were given up and are still open
    private bool _reported;
    private TimeSpan _reportAgainAt = TimeSpan.MinValue;
    private TimeSpan _nextTrial = TimeSpan.MinValue;

    private TimeSpan Now => time.GetElapsedTime(0);

    public Task<StoredGroup?> ReadAsync(GroupId group) => WithinLimitAsync(() => store.ReadAsync(group));

    public Task<StoredGroup?> SwapAsync(GroupRecord next, string? expectedETag) => WithinLimitAsync(() => store.SwapAsync(next, expectedETag));

    private async Task<StoredGroup?> WithinLimitAsync(Func<Task<StoredGroup?>> begin)
    {
        if (!MayBegin()) throw new TimeoutException($"The group store leaves {MostHanging} calls without an answer; this one was not begun.");
        var call = begin();
        try
        {
            var row = await call.WaitAsync(limit, time);
            Answered();
            return row;
        }
        catch (TimeoutException) when (!call.IsCompleted)
        {
            GiveUp(call);
            throw new TimeoutException($"The group store has not answered within {limit}.");
        }
    }

    private bool MayBegin()
    {
        lock (_lock)
        {
            if (_hanging < MostHanging) return true;
            if (Now < _nextTrial) return false;
            _nextTrial = Now + limit;
            return true;
        }
    }

    private void GiveUp(Task call)
    {
        int hanging;
        bool report;
        lock (_lock)
        {
            hanging = ++_hanging;
            report = Now >= _reportAgainAt;
            if (report) (_reported, _reportAgainAt) = (true, Now + ReportAgain);
        }

        if (report) events.StoreHangs(limit, hanging);
        Diagnostics.Discarded.Observe(CountDownAsync(call), _ => { });
    }

    /// <summary>How it ends, late, is of no interest: the row tells (G1).</summary>
    private async Task CountDownAsync(Task call)
    {
        await call.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        lock (_lock) _hanging--;
    }

    private void Answered()
    {
        lock (_lock)
        {
            if (!_reported) return;
            _reported = false;
        }

        events.StoreAnswersAgain();
    }
}

/// <summary>What the node is told of its group store.</summary>
internal interface IStoreEvents
{
    /// <summary>A call has no answer; told at most once a minute. <paramref name="hanging"/> calls are open by now.</summary>
    void StoreHangs(TimeSpan limit, int hanging);

    void StoreAnswersAgain();
}
