namespace Orleans.MasterSlave;

/// <summary>
/// The call was executed, and what it returned or threw cannot be serialized: the message names the type. What an operation changed stays
/// changed, on every replica. Mark the type with <c>[GenerateSerializer]</c>, and its members with <c>[Id]</c>.
/// </summary>
[GenerateSerializer, Alias("masterslave.unserializable-answer")]
public sealed class UnserializableAnswerException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public UnserializableAnswerException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public UnserializableAnswerException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
