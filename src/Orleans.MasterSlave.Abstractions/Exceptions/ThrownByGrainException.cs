namespace Orleans.MasterSlave;

/// <summary>
/// The grain's own code threw one of this library's exceptions: it is the grain's answer, and says nothing of this call. The call was
/// executed; what an operation changed before stays changed, on every replica. <see cref="Exception.InnerException"/> is what was thrown,
/// for instance by a call to another replicated grain, or by what an operation may not do.
/// </summary>
[GenerateSerializer, Alias("masterslave.thrown-by-grain")]
public sealed class ThrownByGrainException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public ThrownByGrainException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">What the grain's code threw.</param>
    public ThrownByGrainException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
