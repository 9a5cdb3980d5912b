using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;

namespace Orleans.MasterSlave.Node;

/// <summary>
/// Passes on the log's wish for snapshots of groups that keep its oldest segment (D5), a few at a time: each costs its grain a turn and the log some bytes.
/// What a newer wish no longer names is not asked for any more. Thread safe.
/// </summary>
internal sealed class SnapshotRequests(Action<IReadOnlySet<GroupId>> ask, TimeProvider time, NodeFaults faults)
{
    public const int AtOnce = 32;
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _arrived = new(0, 1);
    private Queue<GroupId> _wanted = [];

    public void Want(IReadOnlyList<GroupId> groups)
    {
        lock (_lock)
        {
            _wanted = new Queue<GroupId>(groups);
            if (_arrived.CurrentCount == 0) _arrived.Release();
        }
    }

    public async Task RunAsync(CancellationToken stopped)
    {
        while (!stopped.IsCancellationRequested)
        {
            if (Next() is { Count: > 0 } next)
            {
                faults.Guard("asking for snapshots", () => ask(next));
                await Task.Delay(Pause, time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            else await _arrived.WaitAsync(stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private HashSet<GroupId> Next()
    {
        lock (_lock)
        {
            var next = new HashSet<GroupId>();
            while (next.Count < AtOnce && _wanted.TryDequeue(out var group)) next.Add(group);
            return next;
        }
    }
}
