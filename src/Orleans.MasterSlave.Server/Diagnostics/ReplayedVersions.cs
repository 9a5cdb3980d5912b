using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Diagnostics;

/// <summary>
/// Reports, once for each start of a silo, that operations are applied here which another version of the application accepted: what they mean is up to this one's code.
/// Thread-safe.
/// </summary>
internal sealed partial class ReplayedVersions(string running, TimeProvider time, ILogger logger)
{
    /// <summary>So long after the last group was found, all that the start wakes are.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly HashSet<GroupId> _groups = [];
    private readonly SortedSet<string> _versions = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Applies(GroupId group, string version)
    {
        lock (_lock)
        {
            _groups.Add(group);
            _versions.Add(version);
        }

        _first.TrySetResult();
    }

    /// <summary>Waits for the first group, then until no further one has come for a while, and reports their number.</summary>
    public async Task RunAsync(CancellationToken stopped)
    {
        await _first.Task.WaitAsync(stopped);
        for (var (before, count) = (0, Count); before < count; (before, count) = (count, Count)) await Task.Delay(Quiet, time, stopped);
        string versions;
        lock (_lock) versions = string.Join(", ", _versions.Select(v => v.Length == 0 ? "(none)" : v));
        LogReplayed(Count, versions, running);
    }

    private int Count
    {
        get
        {
            lock (_lock) return _groups.Count;
        }
    }

    [LoggerMessage(LogLevel.Information, "{Count} groups apply operations here that version {Versions} of the application accepted; this is version {Running}. Operations must do with the state what they did then: docs/writing-grains.md, Changing an operation's code.")]
    private partial void LogReplayed(int count, string versions, string running);
}
