using System.Collections.Concurrent;

namespace Bank.Load;

/// <summary>Measures, for each group that a fault concerns, the time from the fault to its first acknowledged write.</summary>
/// <remarks>
/// Only writes issued after the fault count: an answer to an earlier one may have been on its way already. The clock starts before the
/// signal is sent and opens after it was, so that no figure is too small.
/// </remarks>
internal sealed class FailoverClock(TimeProvider time)
{
    private readonly List<TimeSpan> _earlier = []; // of faults before the last one
    private volatile FaultMoment? _fault;

    /// <summary>The groups measured; empty before the fault.</summary>
    public IReadOnlyCollection<string> Affected => _fault?.Accounts ?? [];

    public IReadOnlyDictionary<string, TimeSpan> FirstWrites => _fault?.FirstWrites ?? [];

    /// <summary>Affected groups without an acknowledged write so far.</summary>
    public IEnumerable<string> Waiting => Affected.Where(account => !HasWritten(account));

    /// <summary>The group of the last fault that took longest, of those that were written.</summary>
    public string? Slowest => FirstWrites.Count == 0 ? null : FirstWrites.MaxBy(write => write.Value).Key;

    /// <summary>Sends the fault by <paramref name="inject"/> and starts the clock of the groups named. May be called again for another fault.</summary>
    public void Start(IEnumerable<string> accounts, Action inject)
    {
        if (_fault is { } before) _earlier.AddRange(Times(before));
        var sent = time.GetTimestamp();
        inject();
        _fault = new FaultMoment(sent, time.GetTimestamp(), accounts.ToHashSet(StringComparer.Ordinal));
    }

    /// <param name="account">The group that acknowledged a write.</param>
    /// <param name="issued">When the write was sent, as a timestamp of the clock's own time.</param>
    public void Acknowledged(string account, long issued)
    {
        if (_fault is not { } fault || issued < fault.Done || !fault.Accounts.Contains(account)) return;
        fault.FirstWrites.TryAdd(account, time.GetElapsedTime(fault.Sent));
    }

    public bool HasWritten(string account) => _fault?.FirstWrites.ContainsKey(account) == true;

    /// <summary>Median and maximum in whole milliseconds, over all faults; a group that never wrote counts until now. Zeros without a fault.</summary>
    public (long P50, long Max) Summarize() => _fault is { } fault ? Summarize([.. _earlier, .. Times(fault)]) : (0, 0);

    /// <summary>The same for the last fault alone.</summary>
    public (long P50, long Max) SummarizeLast() => _fault is { } fault ? Summarize([.. Times(fault)]) : (0, 0);

    private static (long P50, long Max) Summarize(List<TimeSpan> times)
    {
        if (times.Count == 0) return (0, 0);
        times.Sort();
        return (Milliseconds(times[(times.Count - 1) / 2]), Milliseconds(times[^1]));
    }

    private IEnumerable<TimeSpan> Times(FaultMoment fault)
    {
        var untilNow = time.GetElapsedTime(fault.Sent);
        return fault.Accounts.Select(account => fault.FirstWrites.TryGetValue(account, out var first) ? first : untilNow);
    }

    private static long Milliseconds(TimeSpan span) => (long)Math.Ceiling(span.TotalMilliseconds);

    private sealed record FaultMoment(long Sent, long Done, HashSet<string> Accounts)
    {
        public ConcurrentDictionary<string, TimeSpan> FirstWrites { get; } = new(StringComparer.Ordinal);
    }
}
