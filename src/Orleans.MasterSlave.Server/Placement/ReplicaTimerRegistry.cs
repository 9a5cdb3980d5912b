using Orleans.Runtime;
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
        }

        return inner.RegisterGrainTimer(grainContext, callback, state, options);
    }

    private static void RefuseInterleaving() => throw new NotSupportedOnReplicatedGrainException(
        "A timer of a replicated grain must not interleave: it would see operations half applied. Use RegisterGrainTimer with Interleave = false; " +
        "it ticks on every replica, and changes the state only by calling the grain itself (this.AsReference<T>()), on the master.");
}
