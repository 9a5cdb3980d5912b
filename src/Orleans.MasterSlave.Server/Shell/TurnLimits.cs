using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Shell;

/// <summary>
/// How long user code may hold its turn (W5, L6). Counted from the turn's beginning: what it waited for before is not its fault. Code that overruns
/// goes on, for it cannot be stopped, but no longer keeps others out.
/// </summary>
internal sealed class TurnLimits(TimeSpan operations, TimeSpan others, TimeProvider time)
{
    /// <summary>The limit of a batch of operations: a replica that cannot end them is broken.</summary>
    public async Task<T> OfOperations<T>(Task<T> applying, IReadOnlyList<LogEntry> batch)
    {
        if (!await EndsWithinAsync(applying, operations))
        {
            throw new TurnOverrunException(
                $"operations {batch[0].Index} to {batch[^1].Index} have not ended within {nameof(Hosting.MasterSlaveOptions.ApplyTimeout)} ({operations}).");
        }

        return await applying;
    }

    /// <summary>The limit of reads, role changes, timers and actions after commit: operations wait for them.</summary>
    public async Task<T> OfOthers<T>(Task<T> work, string what)
    {
        await OfOthers((Task)work, what);
        return await work;
    }

    /// <inheritdoc cref="OfOthers{T}"/>
    public async Task<bool> OfOthers(Task work, string what)
    {
        if (!await EndsWithinAsync(work, others))
        {
            throw new TurnOverrunException(
                $"{what} has not ended within {nameof(Hosting.MasterSlaveOptions.TurnTimeout)} ({others}); operations wait for it no longer. Does it await an " +
                "operation on its own grain? Begin such a one without awaiting it.");
        }

        await work;
        return true;
    }

    private async Task<bool> EndsWithinAsync(Task work, TimeSpan limit)
    {
        if (!work.IsCompleted) await work.WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return work.IsCompleted;
    }
}

/// <summary>User code did not end within its limit.</summary>
internal sealed class TurnOverrunException(string message) : Exception(message);
