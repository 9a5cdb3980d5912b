using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;

namespace Orleans.MasterSlave.Replicas;

/// <summary>
/// The import of a group's first state by one mastership (G12): the author's code is asked when everything inherited is applied and before any call is
/// served, and what it gives becomes an entry like any other. It is due as long as nothing but barriers has been applied: no mark says so that a
/// founder could leave behind half-way.
/// </summary>
internal sealed class FirstState(ReplicaEnvironment env, CommitExecutor commit, Func<byte[], LogIndex> append)
{
    /// <summary>For so long callers hear of a failure; after that the next one has it tried again.</summary>
    public static readonly TimeSpan ToldFor = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ended = new();
    private TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _failure; // of the last attempt; null: one is under way, or none was needed
    private TimeSpan _failedAt;

    /// <summary>Why callers are refused; null: they are to wait.</summary>
    public string? Failure => _failure is not null && env.Now - _failedAt < ToldFor ? _failure : null;

    /// <summary>Nothing may be served by a replica of which this holds.</summary>
    public static bool IsDue(ReplicaEnvironment env, CommitExecutor commit) => commit.IsUntouched && env.Object.ImportsFirstState;

    /// <summary>A call waits for the first state: an attempt that failed a while ago is made again.</summary>
    public void Ask()
    {
        if (_failure is not null && Failure is null) _asked.TrySetResult();
    }

    /// <summary>Completes when the first state is committed, or none is due; false: the mastership ended before.</summary>
    public async Task<bool> SettleAsync()
    {
        while (!_ended.IsCancellationRequested && IsDue(env, commit))
        {
            if (await GetAsync() is { } content)
            {
                if (!_ended.IsCancellationRequested) await commit.WaitForAsync(append(content));
                continue;
            }

            await _asked.Task;
            (_failure, _asked) = (null, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return !_ended.IsCancellationRequested;
    }

    /// <summary>The author's code hears of it in a thread of its own: what it does then is no matter of the replica's.</summary>
    public void End()
    {
        Discarded.Observe(_ended.CancelAsync(), env.Events.FirstStateFailed);
        _asked.TrySetResult();
    }

    /// <summary>The import entry's payload; null: it failed.</summary>
    private async Task<byte[]?> GetAsync()
    {
        try
        {
            var state = await env.Object.ImportFirstStateAsync(_ended.Token);
            var content = new ImportContent(state ?? [], state is null ? "nothing to import" : "the grain's ImportFirstStateAsync").ToBytes();
            if (content.Length > env.Limits.MaxOperationBytes)
                throw new InvalidOperationException($"It has {content.Length:N0} bytes; an entry may have {env.Limits.MaxOperationBytes:N0} (MaxOperationBytes).");
            return content;
        }
        catch (Exception e)
        {
            if (_ended.IsCancellationRequested) return null;
            (_failure, _failedAt) = ($"its first state could not be imported: {e.GetType().FullName}: {e.Message}", env.Now);
            env.Events.FirstStateFailed(e);
            return null;
        }
    }
}
