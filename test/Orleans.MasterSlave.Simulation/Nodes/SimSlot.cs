using Orleans.MasterSlave.Simulated.Disk;

namespace Orleans.MasterSlave.Simulated.Nodes;

/// <summary>The place of one group's replica in one life of a process: replicas follow each other in it, as activations do in a silo.</summary>
internal sealed class SimSlot(SimDisk disk, Func<SimReplica> make)
{
    private Task<SimReplica>? _started;
    private Task? _end; // of the replica that was here before; null: there was none

    public SimDisk Disk => disk;

    /// <summary>The replica that is here, recovered or not yet; null: it ended, and no call has come since.</summary>
    public SimReplica? Present { get; private set; }

    /// <summary>A start that failed is tried again at the next call.</summary>
    public Task<SimReplica> StartedAsync() => _started is null or { IsFaulted: true } ? _started = StartAsync() : _started;

    public Task EndAsync()
    {
        if (_started is not { } started) return Task.CompletedTask;
        (_started, Present) = (null, null);
        return _end = LetGoAsync(started);
    }

    private async Task<SimReplica> StartAsync()
    {
        var previous = _end;
        var replica = Present = make();
        if (previous is not null) await previous;
        await replica.Replica.StartAsync(isFirst: previous is null);
        replica.HasStarted = true;
        replica.Replica.Tick();
        return replica;
    }

    private static async Task LetGoAsync(Task<SimReplica> started)
    {
        await ((Task)started).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (!started.IsCompletedSuccessfully) return;
        var replica = await started;
        await replica.Replica.EndAsync("its activation ends");
        replica.Log.Close();
    }
}
