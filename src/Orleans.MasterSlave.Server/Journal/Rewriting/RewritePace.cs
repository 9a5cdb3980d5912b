namespace Orleans.MasterSlave.Journal;

/// <summary>Keeps rewriting at its rate, and ends it when the log is closed.</summary>
internal sealed class RewritePace(long bytesPerSecond, TimeProvider time, CancellationToken stopping)
{
    /// <summary>Waits for as long as it should take to read so many bytes.</summary>
    /// <exception cref="OperationCanceledException">The log is being closed.</exception>
    public Task WaitAsync(long bytes)
    {
        stopping.ThrowIfCancellationRequested();
        return Task.Delay(TimeSpan.FromSeconds((double)bytes / bytesPerSecond), time, stopping);
    }
}
