namespace Orleans.MasterSlave;

/// <summary>
/// No replica of the grain serves: each was taken out of service, because its data contradicts what it was told, its log or state cannot
/// be read, or an operation failed on it. Not executed: an operator must look.
/// </summary>
[GenerateSerializer, Alias("masterslave.quarantined")]
public sealed class GroupQuarantinedException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public GroupQuarantinedException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public GroupQuarantinedException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
