namespace Orleans.MasterSlave;

/// <summary>
/// The grain has as many operations in flight as it admits, or its log's disk is full, for the whole call timeout. Not executed: call again later, and less.
/// </summary>
[GenerateSerializer, Alias("masterslave.overloaded")]
public sealed class OverloadedException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public OverloadedException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public OverloadedException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
