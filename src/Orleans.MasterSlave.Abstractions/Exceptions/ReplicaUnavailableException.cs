namespace Orleans.MasterSlave;

/// <summary>
/// No replica that may answer was reached during the whole call timeout. The call was <em>not</em> executed: call again later.
/// </summary>
[GenerateSerializer, Alias("masterslave.unavailable")]
public sealed class ReplicaUnavailableException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public ReplicaUnavailableException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public ReplicaUnavailableException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
