using System.Collections.Concurrent;

namespace Bank.Load;

/// <summary>Measures, for each group that the victim mastered, the time from the fault to its first acknowledged write.</summary>
/// <remarks>
/// Only writes issued after the fault count: an answer to an earlier one may have been on its way already. The clock starts before the
/// signal is sent and opens after it was, so that no figure is too small.
/// </remarks>
internal sealed class FailoverClock(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, TimeSpan> _firstWrites = new(StringComparer.Ordinal);
    private volatile FaultMoment? _fault;

    /// <summary>The groups measured; empty before the fault.</summary>
    public IReadOnlyCollection<string> Affected => _fault?.Accounts ?? [];

    public IReadOnlyDictionary<string, TimeSpan> FirstWrites => _firstWrites;

    /// <summary>Affected groups without an acknowledged write so far.</summary>
    public IEnumerable<string> Waiting => Affected.Where(account => !_firstWrites.ContainsKey(account));

    /// <summary>Sends the fault by <paramref name="inject"/> and starts the clock of the groups named.</summary>
    public void Start(IEnumerable<string> accounts, Action inject)
    {
        var sent = time.GetTimestamp();
        inject();
        _fault = new FaultMoment(sent, time.GetTimestamp(), accounts.ToHashSet(StringComparer.Ordinal));
    }

    /// <param name="account">The group that acknowledged a write.</param>
    /// <param name="issued">When the write was sent, as a timestamp of the clock's own time.</param>
    public void Acknowledged(string account, long issued)
    {
        if (_fault is not { } fault || issued < fault.Done || !fault.Accounts.Contains(account)) return;
        _firstWrites.TryAdd(account, time.GetElapsedTime(fault.Sent));
    }

    public bool HasWritten(string account) => _firstWrites.ContainsKey(account);

    /// <summary>Median and maximum in whole milliseconds; a group that never wrote counts until now. Zeros without a fault.</summary>
    public (long P50, long Max) Summarize()
    {
        if (_fault is not { } fault || fault.Accounts.Count == 0) return (0, 0);
        var untilNow = time.GetElapsedTime(fault.Sent);
        var times = fault.Accounts.Select(account => _firstWrites.TryGetValue(account, out var first) ? first : untilNow).Order().ToList();
        return (Milliseconds(times[(times.Count - 1) / 2]), Milliseconds(times[^1]));
    }

    private static long Milliseconds(TimeSpan span) => (long)Math.Ceiling(span.TotalMilliseconds);

    private sealed record FaultMoment(long Sent, long Done, HashSet<string> Accounts);
}
