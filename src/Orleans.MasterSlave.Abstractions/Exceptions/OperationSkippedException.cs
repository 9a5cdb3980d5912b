namespace Orleans.MasterSlave;

/// <summary>
/// The operation was logged, and an operator decided that it is never to be executed, for the group could not go on with it: it changed
/// nothing, on any replica.
/// </summary>
[GenerateSerializer, Alias("masterslave.skipped")]
public sealed class OperationSkippedException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public OperationSkippedException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public OperationSkippedException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
