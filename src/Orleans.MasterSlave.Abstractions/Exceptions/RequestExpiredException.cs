namespace Orleans.MasterSlave;

/// <summary>
/// The retry of an operation came after the master had forgotten its request: it may have been executed before, and was not executed again. Read the state
/// before calling again.
/// </summary>
[GenerateSerializer, Alias("masterslave.request-expired")]
public sealed class RequestExpiredException : MasterSlaveException
{
    /// <summary>No copy of the operation was executed, nor can be: it may be sent again under another client id.</summary>
    [field: NonSerialized]
    internal bool IsNew { get; init; }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public RequestExpiredException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public RequestExpiredException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
