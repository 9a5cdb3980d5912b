using System.Collections.Concurrent;
using Xunit;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>A replica's thread that does nothing until it is told to: so a test can look at the moment between a task's end and its continuation.</summary>
internal sealed class ReplicaThread : SynchronizationContext
{
    private readonly ConcurrentQueue<(SendOrPostCallback Do, object? State)> _waiting = [];
    private readonly SemaphoreSlim _arrived = new(0);

    public override void Post(SendOrPostCallback d, object? state)
    {
        _waiting.Enqueue((d, state));
        _arrived.Release();
    }

    /// <summary>Calls something as the replica does; its continuations wait here.</summary>
    public Task Run(Func<Task> action)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            return action();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    /// <summary>Completes when a continuation waits.</summary>
    public Task SomethingToDoAsync() => _arrived.WaitAsync(TestContext.Current.CancellationToken);

    /// <summary>Runs what waits, and what comes after it, until a task is done.</summary>
    public async Task RunAllAsync(Task until)
    {
        while (!until.IsCompleted)
        {
            if (_waiting.TryDequeue(out var next))
                _ = Run(() =>
                {
                    next.Do(next.State);
                    return Task.CompletedTask;
                });
            else await Task.Yield();
        }

        await until;
    }
}
