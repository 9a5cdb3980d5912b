namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The room that the log has (D5): the segment after the one in use, kept ready; and while the disk is too full for that, what is left in the one in use. Part of
/// <see cref="GroupCommit"/>: some members are used under its gate, others by its flushing thread only, which takes the gate where it must.
/// </summary>
/// <param name="gate">The gate of the <see cref="GroupCommit"/>.</param>
/// <param name="writer">The flushing thread's.</param>
/// <param name="time">The clock.</param>
internal sealed class LogRoom(object gate, SegmentWriter writer, TimeProvider time)
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    private long _remaining = writer.Remaining; // under the gate
    private long _lastAttempt;                  // flushing thread only

    /// <summary>Called on the flushing thread, without the gate, when the disk was found full (with the reason) and when there is room again (null).</summary>
    public Action<string?>? FullChanged { get; set; }

    /// <summary>Why there is no room; null: there is. Under the gate.</summary>
    public string? Full { get; private set; }

    /// <summary>Somebody was refused, and the disk is to be looked at again. Under the gate.</summary>
    public bool IsAskedFor { get; private set; }

    /// <summary>Asks for another look at the disk. Under the gate; the caller wakes the flushing thread.</summary>
    public void Ask() => IsAskedFor = true;

    /// <summary>Whether so many bytes, all that wait included, fit in what is left of the segment in use. Under the gate.</summary>
    public bool Fits(long bytes) => bytes <= _remaining;

    /// <summary>Takes note of what a batch took. Flushing thread, under the gate.</summary>
    public void Written() => _remaining = writer.Remaining;

    /// <summary>Looks at the disk again if something was deleted, or if somebody asked and the last look is not too fresh. Flushing thread, without the gate.</summary>
    public void PrepareAgain(bool freed)
    {
        bool asked;
        lock (gate)
        {
            asked = IsAskedFor;
            IsAskedFor = false;
        }

        if (freed || (asked && time.GetElapsedTime(_lastAttempt) >= RetryInterval)) Prepare();
    }

    /// <summary>Makes the next segment ready, if it can. Flushing thread, or before it starts; without the gate.</summary>
    public void Prepare()
    {
        _lastAttempt = time.GetTimestamp();
        string? full = null;
        try
        {
            writer.PrepareSpare();
        }
        catch (LogFullException ex)
        {
            full = ex.Message;
        }

        bool changed;
        lock (gate)
        {
            changed = (full is null) != (Full is null);
            Full = full;
            _remaining = writer.Remaining;
        }

        if (changed) FullChanged?.Invoke(full);
    }
}
