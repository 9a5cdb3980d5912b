namespace Orleans.MasterSlave;

/// <summary>
/// The grain's replicas were taken out of service because their data contradicts itself, or an operation could not be applied. Not
/// executed: an operator must look.
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
