namespace Orleans.MasterSlave;

/// <summary>What the server sees of a replicated grain. Called within the activation's own turns only.</summary>
internal interface IReplicatedGrain
{
    Type StateType { get; }

    /// <summary>The state; of type <see cref="StateType"/>, never null.</summary>
    object State { get; set; }

    /// <summary>The operation that is being applied; null between operations. Set by the commit executor only, see <see cref="OperationContext.Enter"/>.</summary>
    OperationContext? CurrentOperation { get; set; }

    ReplicaRole Role { get; }

    /// <summary>The author's class overrides <see cref="ReplicatedGrain{TState}.ImportFirstStateAsync"/>.</summary>
    bool ImportsFirstState { get; }

    /// <summary>What the author's override gives; null: there is nothing to import.</summary>
    Task<object?> ImportFirstStateAsync(CancellationToken cancelled);

    /// <summary>Sets the role, then tells the author's code. Exceptions of that code come back to the caller.</summary>
    Task ChangeRoleAsync(ReplicaRole role);
}
