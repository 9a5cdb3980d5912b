namespace Orleans.MasterSlave;

/// <summary>
/// Fewer replicas are in sync than <see cref="ReplicatedAttribute.MinInSyncReplicas"/> asks for. The operation was <em>not</em> executed: bring silos back, then call again.
/// </summary>
[GenerateSerializer, Alias("masterslave.too-few-in-sync")]
public sealed class TooFewInSyncException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public TooFewInSyncException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public TooFewInSyncException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
