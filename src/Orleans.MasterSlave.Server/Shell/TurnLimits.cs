using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;

namespace Orleans.MasterSlave.Shell;

/// <summary>
/// How long user code may hold its turn (W5, L6). Counted from the turn's beginning: what it waited for before is not its fault. Code
/// that overruns goes on, for it cannot be stopped, but no longer keeps others out. Code that blocks the thread is not seen from here:
/// <see cref="BlockWatch"/> does.
/// </summary>
internal sealed class TurnLimits(TimeSpan operations, TimeSpan others, TimeProvider time)
{
    private const string OperationsOption = nameof(Hosting.MasterSlaveOptions.ApplyTimeout);
    private const string OthersOption = nameof(Hosting.MasterSlaveOptions.TurnTimeout);

    private int _open;
    private volatile OpenTurn? _latest;

    /// <summary>The user code that was begun last, while any has not ended; null: none is under way. From any thread.</summary>
    public OpenTurn? Open => Volatile.Read(ref _open) > 0 ? _latest : null;

    /// <summary>The reading of an operation's arguments.</summary>
    public OpenTurn Reading { get; } = new("reading the arguments of an operation", others, OthersOption);

    /// <summary>Something else that waits for the thread.</summary>
    public OpenTurn OtherWork { get; } = new("user code outside of its turns", others, OthersOption);

    /// <summary>
    /// Begins what the author's types do outside of a turn, such as to read arguments: it may block the thread. To be followed by
    /// <see cref="Leave"/>.
    /// </summary>
    /// <returns>What was the latest before.</returns>
    public OpenTurn? Enter(OpenTurn work)
    {
        var before = _latest;
        _latest = work;
        Interlocked.Increment(ref _open);
        return before;
    }

    public void Leave(OpenTurn? before)
    {
        _latest = before;
        Interlocked.Decrement(ref _open);
    }

    /// <summary>The limit of a batch of operations: a replica that cannot end them is broken.</summary>
    public async Task<T> OfOperations<T>(Func<Task<T>> apply, IReadOnlyList<LogEntry> batch)
    {
        var applying = TrackedAsync(new OpenTurn(batch, operations, OperationsOption), apply);
        if (!await EndsWithinAsync(applying, operations))
            throw new TurnOverrunException($"{OpenTurn.NameOf(batch)} have not ended within {OperationsOption} ({operations}).");
        return await applying;
    }

    /// <summary>The limit of reads, role changes, timers and actions after commit: operations wait for them.</summary>
    public async Task<T> OfOthers<T>(Func<Task<T>> work, string what)
    {
        var running = TrackedAsync(new OpenTurn(what, others, OthersOption), work);
        if (!await EndsWithinAsync(running, others))
        {
            throw new TurnOverrunException(
                $"{what} has not ended within {OthersOption} ({others}); operations wait for it no longer. Does it await an " +
                "operation on its own grain? Begin such a one without awaiting it.");
        }

        return await running;
    }

    /// <inheritdoc cref="OfOthers{T}"/>
    public Task<bool> OfOthers(Func<Task> work, string what) => OfOthers(
        async () =>
        {
            await work();
            return true;
        },
        what);

    /// <summary>Counts as under way until it has ended, also when it overran.</summary>
    private async Task<T> TrackedAsync<T>(OpenTurn turn, Func<Task<T>> work)
    {
        _latest = turn;
        Interlocked.Increment(ref _open);
        try
        {
            return await work();
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task<bool> EndsWithinAsync(Task work, TimeSpan limit)
    {
        if (!work.IsCompleted) await work.WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return work.IsCompleted;
    }
}

/// <summary>User code did not end within its limit.</summary>
internal sealed class TurnOverrunException(string message) : Exception(message);
