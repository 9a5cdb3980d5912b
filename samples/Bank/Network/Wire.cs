namespace Bank.Network;

/// <summary>One direction between two parties of the cluster: what is sent on it arrives, late, or not at all for a while.</summary>
internal sealed class Wire
{
    private volatile TaskCompletionSource? _cut; // null while whole; completed when it is whole again
    private long _delayTicks;

    public bool IsCut => _cut is not null;

    /// <summary>How much later than it was sent everything arrives.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    /// <summary>From here on nothing arrives; nobody is told.</summary>
    public void Cut() => _cut ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Undoes what was done to it.</summary>
    public void Mend()
    {
        Delay = TimeSpan.Zero;
        var cut = _cut;
        _cut = null;
        cut?.SetResult();
    }

    /// <summary>Ends when the wire is whole.</summary>
    public async ValueTask WaitUntilWholeAsync(CancellationToken cancellation)
    {
        while (_cut is { } cut) await cut.Task.WaitAsync(cancellation);
    }
}
