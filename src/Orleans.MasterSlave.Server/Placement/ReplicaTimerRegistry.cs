using Orleans.MasterSlave.Shell;
using Orleans.Timers;

namespace Orleans.MasterSlave.Placement;

/// <summary>
/// Gives Orleans' timers the activation instead of the group's face of it, and keeps timers of replicated grains out of the middle of an operation.
/// </summary>
internal sealed class ReplicaTimerRegistry(ITimerRegistry inner) : ITimerRegistry
{
    public IDisposable RegisterTimer(IGrainContext grainContext, Func<object?, Task> callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (grainContext is GroupGrainContext) RefuseInterleaving();
#pragma warning disable CS0618 // obsolete, but other grains may still use it
        return inner.RegisterTimer(grainContext, callback, state, dueTime, period);
#pragma warning restore CS0618
    }

    public IGrainTimer RegisterGrainTimer<TState>(
        IGrainContext grainContext, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        if (grainContext is GroupGrainContext group)
        {
            OperationContext.RefuseInside("Registering a timer");
            if (options.Interleave) RefuseInterleaving();
            grainContext = group.Replica;
            callback = InTurn(grainContext, callback);
        }

        return inner.RegisterGrainTimer(grainContext, callback, state, options);
    }

    /// <summary>Callbacks run between operations, and one that does not end must not keep them out for ever (W5, L6).</summary>
    private static Func<TState, CancellationToken, Task> InTurn<TState>(IGrainContext replica, Func<TState, CancellationToken, Task> callback)
    {
        return (state, cancelled) =>
        {
            var shell = ReplicaShell.Of(replica);
            return shell.Turns.ExclusiveAsync(() => shell.Limits.OfOthers(() => callback(state, cancelled), "a timer's callback")); // Orleans logs what it throws
        };
    }

    private static void RefuseInterleaving() => throw new NotSupportedOnReplicatedGrainException(
        "A timer of a replicated grain must not interleave: it would see operations half applied. Use RegisterGrainTimer with Interleave = false; " +
        "it ticks on every replica. To change the state there, begin an operation of the grain itself on the master, without awaiting it in the callback, " +
        "for it waits until the callback has ended: if (Role == ReplicaRole.Master) _ = this.AsReference<T>()...");
}
