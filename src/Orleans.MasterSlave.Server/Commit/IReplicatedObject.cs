using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Commit;

/// <summary>
/// What operations are applied to: in a silo the grain, through turns of its own activation, so that user code never interleaves (W5,
/// R4). An exception from any member means that the replica itself is broken; exceptions of the application are answers. Only a state
/// that cannot be saved breaks nothing: the log keeps what a snapshot would have covered.
/// </summary>
internal interface IReplicatedObject
{
    /// <summary>
    /// Turns an operation into a call before it is appended. Null: it can be applied here. Otherwise: why not; nothing was executed (W3).
    /// </summary>
    string? Admit(RequestId request, byte[] payload);

    /// <summary>
    /// Turns an entry into a call before it is applied. Null: it can be. Otherwise: why not; nothing was executed, and nothing changed
    /// (W10).
    /// </summary>
    string? Prepare(LogEntry entry);

    /// <summary>
    /// Reads a request that came to nothing at other silos, under a mark of its own, before anything else is done with it. Null: it does
    /// no harm. Otherwise: it has ended this node's process before, and nothing was touched (W10).
    /// </summary>
    string? TryOut(byte[] payload);

    /// <summary>The answer to the caller of an operation that an operator had skipped (W10). The same on every replica.</summary>
    byte[] AnswerOfSkipped(LogEntry entry);

    /// <summary>What was admitted was not appended after all.</summary>
    void Forget(RequestId request);

    /// <summary>Applies operations in order, each to its end, and serializes each answer within its turn.</summary>
    /// <param name="operations">They are all of one mastership.</param>
    /// <param name="key">What that one's operations draw is made of (W9).</param>
    Task<IReadOnlyList<byte[]>> ApplyAsync(IReadOnlyList<LogEntry> operations, DrawKey key);

    /// <summary>Executes a read-only call on the present state.</summary>
    Task<byte[]> ReadAsync(byte[] payload);

    Task<byte[]> SaveStateAsync();

    /// <summary>A hash of the state's values: equal on replicas whose states are.</summary>
    Task<StateHashes> HashStateAsync();

    /// <summary>What an operation calls, for reports.</summary>
    string Describe(LogEntry operation) => $"{operation.Position} request {operation.Request}";

    /// <summary>Puts the state back; null: as it was before the first operation.</summary>
    Task RestoreStateAsync(byte[]? state);

    /// <summary>Its first state is to be asked for (G12). False: it begins as it is made.</summary>
    bool ImportsFirstState => false;

    /// <summary>
    /// Asks for the first state, serialized as by <see cref="SaveStateAsync"/>, and changes nothing; null: there is none. The author's exceptions come
    /// back as they are.
    /// </summary>
    Task<byte[]?> ImportFirstStateAsync(CancellationToken cancelled) => Task.FromResult<byte[]?>(null);

    Task RoleChangedAsync(ReplicaRole role);

    /// <summary>The answers of these operations have been recorded on the master: what was to be done after commit may be done.</summary>
    void AnsweredOnMaster(IReadOnlyList<LogEntry> operations);
}
