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

    /// <summary>The author's view of an activation: of a replica its group's, of any other grain the activation itself.</summary>
    public static IGrainContext Of(IGrainContext context) =>
        ReplicaKey.IsPinned(context.GrainId) ? context.GetComponent<GroupGrainContext>() ?? context : context;

    /// <summary>
    /// Constructs a grain whose base constructor takes <paramref name="context"/> (construction never leaves its thread), and who sees it
    /// in its constructor already.
    /// </summary>
    public static object Construct(IGrainContext context, Func<IGrainContext, object> factory)
    {
        var outer = _creating;
        context.SetComponent(_creating = new GroupGrainContext(context));
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

    /// <summary>Inside an operation it is refused: each replica would end, and again whenever it reads its log.</summary>
    public void Deactivate(DeactivationReason reason, CancellationToken cancellationToken)
    {
        OperationContext.RefuseInside("DeactivateOnIdle");
        Replica.Deactivate(reason, cancellationToken);
    }

    public void Rehydrate(IRehydrationContext context) => Replica.Rehydrate(context);

    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken) =>
        throw new NotSupportedOnReplicatedGrainException("A replica of a replicated grain does not migrate: it belongs to its silo. DeactivateOnIdle hands its mastership over.");

    public object? GetTarget() => Replica.GetTarget();
    public object? GetComponent(Type componentType) =>
        componentType == typeof(IGrainExtensionBinder) ? RefusingBinder.Instance : Replica.GetComponent(componentType);
    public bool Equals(IGrainContext? other) => other is not null && Replica.Equals(Unwrap(other));
    public override bool Equals(object? obj) => obj is IGrainContext other && Equals(other);
    public override int GetHashCode() => Replica.GetHashCode();
    public override string ToString() => $"{Replica} of {GrainId}";

    /// <summary>What a stream's subscription, or an author's own extension, would attach itself to.</summary>
    private sealed class RefusingBinder : IGrainExtensionBinder
    {
        public static readonly RefusingBinder Instance = new();

        public TExtensionInterface GetExtension<TExtensionInterface>() where TExtensionInterface : class, IGrainExtension => throw Refusal();

        public (TExtension, TExtensionInterface) GetOrSetExtension<TExtension, TExtensionInterface>(Func<TExtension> newExtensionFunc)
            where TExtension : class, TExtensionInterface
            where TExtensionInterface : class, IGrainExtension => throw Refusal();

        private static NotSupportedOnReplicatedGrainException Refusal() => new(
            "A replicated grain does not subscribe to streams and offers no grain extensions: they would belong to one replica. " +
            "Let a plain grain subscribe, and call this one.");
    }
}
