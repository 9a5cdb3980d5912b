using System.Diagnostics.CodeAnalysis;

namespace Orleans.MasterSlave;

/// <summary>
/// Base of a grain that lives as one master and one or more slaves on different silos. Its class carries <see cref="ReplicatedAttribute"/> and
/// <c>[GrainType]</c>, its interfaces and their methods carry <c>[Alias]</c>.
/// </summary>
/// <remarks>
/// <para>
/// A method is an <em>operation</em> unless the interface marks it <c>[ReadOnly]</c>. Operations are logged, replicated, and applied in the same
/// order on every replica; so an operation depends on nothing but its arguments, <see cref="State"/>, <see cref="UtcNow"/>, <see cref="NewGuid"/> and
/// <see cref="Random"/>. It does no I/O and calls no grain: what must happen outside goes through <see cref="AfterCommit"/>.
/// <c>RequestContext</c> as the caller set it is logged with the operation.
/// </para>
/// <para>
/// A <c>[ReadOnly]</c> method runs on one replica, may do I/O and call other grains, and must not change <see cref="State"/>.
/// </para>
/// <para>An exception out of an operation is its answer. What it did to the state before stays done: on every replica alike.</para>
/// </remarks>
/// <typeparam name="TState">What is replicated. It must be serializable by Orleans.</typeparam>
[ReplicaPlacement]
public abstract class ReplicatedGrain<TState> : Grain, IReplicatedGrain
    where TState : class, new()
{
    private OperationContext? _operation;
    private TState _state = new();

    /// <summary>Constructs the grain.</summary>
    protected ReplicatedGrain() : base(GroupGrainContext.TakeForConstruction()!)
    {
    }

    /// <summary>The replicated state. Changed by operations only. Never null.</summary>
    protected TState State
    {
        get => _state;
        [param: NotNull]
        set => _state = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>What this replica is at the moment. An operation must not depend on it: it differs from replica to replica.</summary>
    protected ReplicaRole Role { get; private set; }

    /// <summary>The operation's time: the same on every replica, never before the previous operation's. Only inside an operation.</summary>
    /// <exception cref="InvalidOperationException">No operation is being applied.</exception>
    protected DateTime UtcNow => Operation.TimeUtc;

    /// <summary>
    /// Random numbers: the same on every replica and at every replay, others in each operation of each grain, and not to be predicted by callers. Only inside an
    /// operation.
    /// </summary>
    /// <exception cref="InvalidOperationException">No operation is being applied.</exception>
    protected Random Random => Operation.Random;

    /// <summary>References to other grains, for <c>[ReadOnly]</c> methods, role changes and <see cref="AfterCommit"/>.</summary>
    /// <exception cref="NotSupportedOnReplicatedGrainException">Used inside an operation.</exception>
    protected new IGrainFactory GrainFactory
    {
        get
        {
            OperationContext.RefuseInside("Calling another grain");
            return base.GrainFactory;
        }
    }

    private OperationContext Operation => _operation ?? throw new InvalidOperationException(
        "UtcNow, NewGuid, Random and AfterCommit belong to an operation; elsewhere use an injected TimeProvider and the framework's own ids and numbers.");

    Type IReplicatedGrain.StateType => typeof(TState);

    object IReplicatedGrain.State
    {
        get => _state;
        set => _state = (TState)value ?? throw new ArgumentNullException(nameof(value));
    }

    OperationContext? IReplicatedGrain.CurrentOperation
    {
        get => _operation;
        set => _operation = value;
    }

    ReplicaRole IReplicatedGrain.Role => Role;

    bool IReplicatedGrain.ImportsFirstState =>
        ((Func<CancellationToken, Task<TState?>>)ImportFirstStateAsync).Method.DeclaringType is { } declares
        && !(declares.IsGenericType && declares.GetGenericTypeDefinition() == typeof(ReplicatedGrain<>));

    /// <summary>
    /// A new id: the same on every replica and at every replay, and as unique as any random one, over all grains and clusters. Only inside an operation.
    /// </summary>
    /// <returns>A version 4 id, of 122 random bits that callers cannot predict.</returns>
    /// <exception cref="InvalidOperationException">No operation is being applied.</exception>
    protected Guid NewGuid() => Operation.Random.NextGuid();

    /// <summary>
    /// Does something outside, after this operation is committed and its answer recorded: on the master only, in order, not awaited by the caller.
    /// </summary>
    /// <remarks>
    /// At most once: when the master dies in between, it is not done. What must be done for certain is kept in the state, and
    /// taken up again in <see cref="OnBecameMasterAsync"/>. The state may have changed further when it runs.
    /// </remarks>
    /// <param name="action">What to do. Its exceptions are logged.</param>
    /// <exception cref="InvalidOperationException">No operation is being applied.</exception>
    protected void AfterCommit(Func<Task> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        Operation.AddAfterCommit(action);
    }

    /// <summary>
    /// Override it to give the grain the state that it had before it was replicated: read it where it was kept, and return it. Called on the
    /// first master, before any call is served; what it returns is logged and replicated like an operation, and never asked for again.
    /// </summary>
    /// <remarks>
    /// <para>
    /// It may do I/O and call other grains, but none that calls this one. It changes neither <see cref="State"/> nor what it reads: it may be called
    /// again when its master dies before what it returned is replicated. It has <c>TurnTimeout</c> (10 s by default).
    /// </para>
    /// <para>
    /// When it throws, callers get <see cref="FirstStateImportException"/>, nothing is executed, and it is called again for later calls.
    /// It is not called for a grain that operations have changed already: deploy it with the first version that is replicated.
    /// </para>
    /// </remarks>
    /// <param name="cancelled">Cancelled when this replica is the master no longer: what it returns is not used then.</param>
    /// <returns>The first state; null: there is none, and the grain begins with a new one.</returns>
    protected virtual Task<TState?> ImportFirstStateAsync(CancellationToken cancelled) => Task.FromResult<TState?>(null);

    /// <summary>This replica became the master: every operation answered so far is in its state. It serves as soon as this returns.</summary>
    /// <returns>A task that completes when the grain is ready. Calls wait for it.</returns>
    protected virtual Task OnBecameMasterAsync() => Task.CompletedTask;

    /// <summary>This replica became a slave. Not called when it starts as one, nor when its silo dies.</summary>
    /// <returns>A task that completes when the grain is ready.</returns>
    protected virtual Task OnBecameSlaveAsync() => Task.CompletedTask;

    Task IReplicatedGrain.ChangeRoleAsync(ReplicaRole role)
    {
        if (Role == role) return Task.CompletedTask;
        Role = role;
        return role == ReplicaRole.Master ? OnBecameMasterAsync() : OnBecameSlaveAsync();
    }

    async Task<object?> IReplicatedGrain.ImportFirstStateAsync(CancellationToken cancelled) => await ImportFirstStateAsync(cancelled);
}
