using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// One node's coordinator of one group: applies <see cref="GroupPolicy"/> to the row by compare-and-swap, one change at a time, and settles
/// swaps of unknown outcome before anything else is begun (G1). Single-threaded.
/// </summary>
internal sealed class GroupCoordinator(GroupId group, IGroupStore store, TimeProvider time, CancellationToken stopped = default) : IGroupCoordinator
{
    /// <summary>So often a store that answers may refuse a new record.</summary>
    private const int MostInserts = 5;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongestAfterRefusals = TimeSpan.FromSeconds(30);

    private StoredGroup? _cached;          // the last row seen; a hint only
    private Task _lastChange = Task.CompletedTask; // tail of the queue of changes: the next one waits for it

    public async Task<GroupRecord?> ReadAsync(bool fresh)
    {
        if (!fresh && _cached is not null) return _cached.Record;
        return Remember(await store.ReadAsync(group))?.Record;
    }

    public async Task<GroupRecord?> SettledAsync()
    {
        await _lastChange;
        return await ReadAsync(fresh: true);
    }

    public Task<GroupRecord> CreateAsync(GroupPlan plan, MasterClaim claim, StoreId storeId, GroupBirth birth) =>
        Enqueue(row => row is null ? GroupPolicy.Create(plan, claim, storeId, birth) : null);

    public Task<GroupRecord> PromoteAsync(MasterClaim claim, long basedOnVersion, bool holdsAll = false) =>
        Enqueue(row => row?.Version == basedOnVersion ? GroupPolicy.Promote(row, claim, holdsAll) : null);

    public Task<GroupRecord> ShrinkAsync(MasterClaim claim, NodeId slave) =>
        Enqueue(row => row is null ? null : GroupPolicy.Shrink(row, claim, slave));

    public Task<GroupRecord> GrowAsync(MasterClaim claim, NodeId slave) =>
        Enqueue(row => row is null ? null : GroupPolicy.Grow(row, claim, slave));

    public Task<GroupRecord> EnterAsync(MasterClaim claim, NodeId node, int wanted) =>
        Enqueue(row => row is null ? null : GroupPolicy.Enter(row, claim, node, wanted));

    private async Task<GroupRecord> Enqueue(Func<GroupRecord?, GroupRecord?> decide)
    {
        var before = _lastChange;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _lastChange = done.Task;
        try
        {
            await before;
            return await ChangeAsync(decide);
        }
        finally
        {
            done.SetResult();
        }
    }

    private async Task<GroupRecord> ChangeAsync(Func<GroupRecord?, GroupRecord?> decide)
    {
        while (true)
        {
            var row = Remember(await ReadUntilAnsweredAsync());
            // A swap writes the whole row: what this version does not know of it would be gone.
            var next = row is { Record.Level: > FormatLevel.Known } ? null : decide(row?.Record);
            if (next is null) return row?.Record ?? throw new GroupRecordMissingException(group);
            StoredGroup? swapped;
            try
            {
                swapped = await store.SwapAsync(next, row?.ETag);
            }
            catch (Exception) when (!stopped.IsCancellationRequested)
            {
                swapped = await SettleAsync(next, row);
            }

            if (swapped is not null) return Remember(swapped)!.Record;
        }
    }

    /// <summary>
    /// Makes the outcome of a swap on <paramref name="before"/>'s ETag known for ever: the row has moved past that ETag, or a swap of our own on
    /// that same ETag has moved it, after which the unknown one can never land. An insert is settled by inserting again.
    /// </summary>
    private async Task<StoredGroup> SettleAsync(GroupRecord attempted, StoredGroup? before)
    {
        var refusals = 0;
        for (var (retry, afterRefusal) = (RetryBackoff(), new Backoff(ShortestPause, LongestAfterRefusals)); ;)
        {
            var answered = false;
            try
            {
                await Task.Delay(refusals == 0 ? retry.Next() : afterRefusal.Next(), time, stopped);
                var row = await store.ReadAsync(group);
                answered = true;
                if (row is null && before is not null) throw new GroupRecordMissingException(group);
                if (row is not null && row.ETag != before?.ETag) return row;
                var settling = before is null ? attempted : before.Record with { Version = before.Record.Version + 1 };
                if (await store.SwapAsync(settling, before?.ETag) is { } settled) return settled;
            }
            catch (Exception e) when (MayPass(e))
            {
                // Unknown again: this attempt, too, is settled only by what moves the ETag. Go on. A store that answers, and refuses, does so for good, perhaps: it is asked seldom.
                refusals = answered && e is not TimeoutException ? refusals + 1 : 0;
                if (before is null && refusals == MostInserts) throw NotStored(e);
            }
        }
    }

    private async Task<StoredGroup?> ReadUntilAnsweredAsync()
    {
        for (var retry = RetryBackoff(); ;)
        {
            try
            {
                return await store.ReadAsync(group);
            }
            catch (Exception e) when (MayPass(e))
            {
                await Task.Delay(retry.Next(), time, stopped);
            }
        }
    }

    private bool MayPass(Exception error) => error is not (GroupRecordMissingException or MasterSlaveConfigurationException) && !stopped.IsCancellationRequested;

    /// <summary>
    /// An insert may be left open: nobody is master by it yet, and if it lands late all the same, the record names a claim of this process,
    /// which then competes for it like for any other (G2).
    /// </summary>
    private MasterSlaveConfigurationException NotStored(Exception error) =>
        new($"The group store answers, and refuses the record of {group}: {error.Message}", error);

    private StoredGroup? Remember(StoredGroup? row)
    {
        if (row is not null && (_cached is null || row.Record.Version > _cached.Record.Version)) _cached = row;
        return row;
    }

    private static Backoff RetryBackoff() => new(ShortestPause, TimeSpan.FromSeconds(1));
}

/// <summary>A change was asked of a group that has no record (I4).</summary>
internal sealed class GroupRecordMissingException(GroupId group) : InvalidOperationException($"Group {group} has no record in the group store.");
