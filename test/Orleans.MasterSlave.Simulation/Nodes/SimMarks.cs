using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Simulated.Nodes;

/// <summary>What lasts of a node's attempts at one group's entries. Follows the rule of the product's own: see <c>EntryMarks</c>.</summary>
internal sealed class SimMarks : IEntryMarks
{
    private readonly Dictionary<LogPosition, int> _failed = [];
    private LogPosition? _current;

    public SuspectEntry? Suspect => _failed.Count == 0 ? null : _failed.OrderBy(f => f.Key.Index).Select(f => new SuspectEntry(f.Key, f.Value, "an operation")).First();

    /// <summary>A process begins after another: what that one was in the middle of counts, unless something under suspicion was.</summary>
    public static void ProcessBegins(IReadOnlyCollection<SimMarks> groups)
    {
        var suspected = groups.Any(g => g._current is { } current && g._failed.ContainsKey(current));
        foreach (var group in groups)
        {
            if (group._current is { } current && (!suspected || group._failed.ContainsKey(current))) group.FailCurrent();
            group._current = null;
        }
    }

    public int FailuresOf(LogPosition entry) => _failed.GetValueOrDefault(entry);
    public void Begin(LogPosition entry, string operation) => _current = entry;
    public void End() => _current = null;

    public void FailCurrent()
    {
        if (_current is { } current) _failed[current] = FailuresOf(current) + 1;
        _current = null;
    }

    public void Survived(LogPosition entry) => _failed.Remove(entry);

    /// <summary>Other code is deployed.</summary>
    public void Forget() => _failed.Clear();

    public bool HasFailed(UInt128 request) => false;
    public IDisposable BeginRequest(UInt128 request) => new Alone();

    public Task<IDisposable> AloneAsync() => Task.FromResult<IDisposable>(new Alone());

    private sealed class Alone : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
