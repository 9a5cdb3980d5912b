namespace Orleans.MasterSlave;

/// <summary>
/// The call uses what replicated grains do not offer. Not executed: change the code.
/// </summary>
[GenerateSerializer, Alias("masterslave.not-supported")]
public sealed class NotSupportedOnReplicatedGrainException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public NotSupportedOnReplicatedGrainException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public NotSupportedOnReplicatedGrainException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
