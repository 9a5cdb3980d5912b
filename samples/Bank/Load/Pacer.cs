namespace Bank.Load;

/// <summary>Spreads a number of pieces of work evenly over a time.</summary>
internal sealed class Pacer(int count, TimeSpan duration, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    public TimeSpan Elapsed => time.GetElapsedTime(_start);

    /// <summary>When the piece with this number (from 0) is due, counted from the start: piece 0 at once, the last one a step before the end.</summary>
    public TimeSpan DueAt(int number) => duration * ((double)number / count);

    /// <summary>Waits until a piece is due; not at all when it is late, so that work held up by a fault is caught up on as fast as it goes.</summary>
    public async ValueTask WaitForAsync(int number, CancellationToken cancellation)
    {
        var wait = DueAt(number) - Elapsed;
        if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellation);
    }

    /// <summary>Waits until a moment of the run.</summary>
    public async Task WaitUntilAsync(TimeSpan moment, CancellationToken cancellation)
    {
        var wait = moment - Elapsed;
        if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellation);
    }
}
