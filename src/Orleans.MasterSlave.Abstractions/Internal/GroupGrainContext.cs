using Microsoft.Extensions.DependencyInjection;
using Orleans.GrainReferences;
using Orleans.Runtime;

namespace Orleans.MasterSlave;

/// <summary>
/// The activation as the grain's author sees it: its id and reference are the group's, which the caller used; all else is the activation's own.
/// </summary>
internal sealed class GroupGrainContext(IGrainContext replica) : IGrainContext
{
    [ThreadStatic] private static GroupGrainContext? _creating;

    /// <summary>The activation itself, under the replica's own id.</summary>
    public IGrainContext Replica { get; } = replica;

    public GrainId GrainId { get; } = ReplicaKey.GroupOf(replica.GrainId);

    public GrainReference GrainReference =>
        field ??= Replica.ActivationServices.GetRequiredService<GrainReferenceActivator>().CreateReference(GrainId, default);

    public object? GrainInstance => Replica.GrainInstance;
    public ActivationId ActivationId => Replica.ActivationId;
    public GrainAddress Address => Replica.Address;
    public IServiceProvider ActivationServices => Replica.ActivationServices;
    public IGrainLifecycle ObservableLifecycle => Replica.ObservableLifecycle;
    public IWorkItemScheduler Scheduler => Replica.Scheduler;
    public Task Deactivated => Replica.Deactivated;

    /// <summary>The activation's own context, whether or not it is wrapped.</summary>
    public static IGrainContext Unwrap(IGrainContext context) => context is GroupGrainContext group ? group.Replica : context;

    /// <summary>Constructs a grain whose base constructor takes <paramref name="context"/> (construction never leaves its thread).</summary>
    public static object Construct(IGrainContext context, Func<IGrainContext, object> factory)
    {
        var outer = _creating;
        _creating = new GroupGrainContext(context);
        try
        {
            return factory(context);
        }
        finally
        {
            _creating = outer;
        }
    }

    /// <summary>The context for the grain that is being constructed; null outside of a silo, such as in a unit test of the author's class.</summary>
    public static GroupGrainContext? TakeForConstruction()
    {
        var taken = _creating;
        _creating = null;
        return taken;
    }

    public void SetComponent<TComponent>(TComponent? value) where TComponent : class => Replica.SetComponent(value);
    public void ReceiveMessage(object message) => Replica.ReceiveMessage(message);
    public void Activate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken) => Replica.Activate(requestContext, cancellationToken);
    public void Deactivate(DeactivationReason reason, CancellationToken cancellationToken) => Replica.Deactivate(reason, cancellationToken);
    public void Rehydrate(IRehydrationContext context) => Replica.Rehydrate(context);
    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken) => Replica.Migrate(requestContext, cancellationToken);
    public object? GetTarget() => Replica.GetTarget();
    public object? GetComponent(Type componentType) => Replica.GetComponent(componentType);
    public bool Equals(IGrainContext? other) => other is not null && Replica.Equals(Unwrap(other));
    public override bool Equals(object? obj) => obj is IGrainContext other && Equals(other);
    public override int GetHashCode() => Replica.GetHashCode();
    public override string ToString() => $"{Replica} of {GrainId}";
}
