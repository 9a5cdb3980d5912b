namespace Orleans.MasterSlave.Journal;

/// <summary>Keeps rewriting at its rate, and ends it when the log is closed. For one rewriting at a time.</summary>
internal sealed class RewritePace(long bytesPerSecond, TimeProvider time, CancellationToken stopping)
{
    private const double MinSeconds = 0.01; // a timer knows no parts of a millisecond: many small pieces would take no time at all
    private long _owed;

    /// <summary>Waits, now or together with what comes next, for as long as it should take to read so many bytes.</summary>
    /// <exception cref="OperationCanceledException">The log is being closed.</exception>
    public Task WaitAsync(long bytes)
    {
        stopping.ThrowIfCancellationRequested();
        _owed += bytes;
        var seconds = (double)_owed / bytesPerSecond;
        if (seconds < MinSeconds) return Task.CompletedTask;
        _owed = 0;
        return Task.Delay(TimeSpan.FromSeconds(seconds), time, stopping);
    }
}
