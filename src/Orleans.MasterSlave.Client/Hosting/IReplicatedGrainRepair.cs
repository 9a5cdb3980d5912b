namespace Orleans.MasterSlave;

/// <summary>
/// For operators: what becomes of a grain that stopped at an operation which it cannot execute. In the services of every client and
/// silo with <c>AddMasterSlave</c>.
/// </summary>
public interface IReplicatedGrainRepair
{
    /// <summary>The operation at which the grain's group is stopped.</summary>
    /// <param name="grain">A reference to the replicated grain.</param>
    /// <returns>Null: it is not stopped.</returns>
    /// <exception cref="ReplicaUnavailableException">No master answered within the call timeout.</exception>
    Task<StoppedOperation?> FindStoppedAsync(IAddressable grain);

    /// <summary>
    /// Has the operation at which the group is stopped skipped, for ever and on every replica: an entry of the log says so. Its caller, if it
    /// still asks, gets <see cref="OperationSkippedException"/>; the operations behind it are executed. Refused when a replica has executed it
    /// or, unless <paramref name="evenIfUnheard"/>, when one has not been heard that may have.
    /// </summary>
    /// <param name="grain">A reference to the replicated grain.</param>
    /// <param name="operation">What <see cref="FindStoppedAsync"/> found.</param>
    /// <param name="evenIfUnheard">
    /// Do it though not every replica answers. If one of them had executed the operation, and its answer was given, that answer is void, and
    /// that replica's state is made anew, or it is quarantined, when it returns. Default false.
    /// </param>
    /// <exception cref="GroupStoppedException">It was not done; the message says why.</exception>
    /// <exception cref="ReplicaUnavailableException">No master answered within the call timeout.</exception>
    Task SkipAsync(IAddressable grain, StoppedOperation operation, bool evenIfUnheard = false);
}

/// <summary>An operation that a group cannot execute.</summary>
/// <param name="Epoch">Number of the mastership that logged it.</param>
/// <param name="Index">Its place in the group's log.</param>
/// <param name="Reason">What it did, for people.</param>
public sealed record StoppedOperation(long Epoch, long Index, string Reason);
