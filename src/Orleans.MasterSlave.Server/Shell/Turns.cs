namespace Orleans.MasterSlave.Shell;

/// <summary>
/// The turns in which user code runs: one exclusive turn at a time, or shared ones beside each other, in the order in which they were asked for (W5,
/// R4). Used in the activation's thread only.
/// </summary>
/// <remarks>
/// Orleans' own queue of requests does not do: when the first of several <c>[ReadOnly]</c> requests ends, it lets a writing one begin beside the
/// others; and an activation that is told to end gives no turn any more, while calls that wait for one hold up its end.
/// </remarks>
internal sealed class Turns
{
    private readonly Queue<Waiter> _waiting = [];
    private int _shared;
    private bool _exclusive;

    /// <summary>Runs work while no other turn is held; never within the caller's own step.</summary>
    public async Task<T> ExclusiveAsync<T>(Func<Task<T>> work)
    {
        if (_exclusive || _shared > 0 || _waiting.Count > 0) await WaitAsync(exclusive: true);
        else
        {
            _exclusive = true;
            await Task.Yield();
        }

        try
        {
            return await work();
        }
        finally
        {
            _exclusive = false;
            Grant();
        }
    }

    /// <summary>Runs work beside other shared turns.</summary>
    public async Task<T> SharedAsync<T>(Func<Task<T>> work)
    {
        if (_exclusive || _waiting.Count > 0) await WaitAsync(exclusive: false);
        else _shared++;
        try
        {
            return await work();
        }
        finally
        {
            _shared--;
            Grant();
        }
    }

    private Task WaitAsync(bool exclusive)
    {
        var waiter = new Waiter(exclusive);
        _waiting.Enqueue(waiter);
        return waiter.Turn.Task;
    }

    /// <summary>The turn is the waiter's from here on, so nobody comes in between before it goes on.</summary>
    private void Grant()
    {
        while (!_exclusive && _waiting.TryPeek(out var next) && !(next.Exclusive && _shared > 0))
        {
            _waiting.Dequeue();
            if (next.Exclusive) _exclusive = true;
            else _shared++;
            next.Turn.SetResult();
        }
    }

    private sealed record Waiter(bool Exclusive)
    {
        public TaskCompletionSource Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
