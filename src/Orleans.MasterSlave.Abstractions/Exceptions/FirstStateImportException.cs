namespace Orleans.MasterSlave;

/// <summary>
/// The grain's <see cref="ReplicatedGrain{TState}.ImportFirstStateAsync"/> failed, so the grain has no state yet to serve calls with. The call was <em>not</em>
/// executed. It is tried again for later calls: mend what the message names, then call again.
/// </summary>
[GenerateSerializer, Alias("masterslave.first-state-import")]
public sealed class FirstStateImportException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public FirstStateImportException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public FirstStateImportException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
