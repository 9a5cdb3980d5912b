namespace Orleans.MasterSlave;

/// <summary>
/// What this client saw of the grain was lost in a failover, and it asked for strict sessions. Read again: the grain's state is older than what was seen.
/// </summary>
[GenerateSerializer, Alias("masterslave.token-lost")]
public sealed class SessionTokenLostException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public SessionTokenLostException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public SessionTokenLostException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
