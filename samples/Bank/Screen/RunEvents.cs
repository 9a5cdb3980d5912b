namespace Bank.Screen;

/// <summary>What happened, with the time since the transfers began.</summary>
internal sealed class RunEvents
{
    private readonly Lock _lock = new();
    private readonly List<RunEvent> _events = [];

    /// <summary>Tells how far the run is; zero before the transfers begin.</summary>
    public Func<TimeSpan> Clock { get; set; } = () => TimeSpan.Zero;

    public void Add(string text)
    {
        lock (_lock) _events.Add(new RunEvent(Clock(), text));
    }

    /// <summary>The events from a number (from 0) on.</summary>
    public IReadOnlyList<RunEvent> From(int number)
    {
        lock (_lock) return _events[Math.Min(number, _events.Count)..];
    }
}

internal sealed record RunEvent(TimeSpan At, string Text)
{
    public override string ToString() => FormattableString.Invariant($"{At.TotalSeconds,6:0.0} s  {Text}");
}
