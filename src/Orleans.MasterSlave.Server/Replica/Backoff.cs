namespace Orleans.MasterSlave.Replicas;

/// <summary>Pauses between attempts: each twice as long as the one before, up to the longest. One owner, one thread.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    private TimeSpan _next = first;

    public TimeSpan First { get; } = first;
    public TimeSpan Longest { get; } = longest;

    /// <summary>The pause to make now; the next one is longer.</summary>
    public TimeSpan Next()
    {
        var pause = _next;
        _next = pause * 2 < Longest ? pause * 2 : Longest;
        return pause;
    }

    /// <summary>It went well: begin with the shortest again.</summary>
    public void Reset() => _next = First;
}
