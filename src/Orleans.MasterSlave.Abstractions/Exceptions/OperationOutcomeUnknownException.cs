namespace Orleans.MasterSlave;

/// <summary>
/// The call timeout passed, and the operation may or may not have been executed. Read the state before calling again: a new call is a new operation.
/// </summary>
[GenerateSerializer, Alias("masterslave.outcome-unknown")]
public sealed class OperationOutcomeUnknownException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public OperationOutcomeUnknownException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public OperationOutcomeUnknownException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
