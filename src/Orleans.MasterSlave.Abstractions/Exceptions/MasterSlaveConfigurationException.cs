namespace Orleans.MasterSlave;

/// <summary>
/// A client or silo is not set up as it must be. Change its configuration.
/// </summary>
[GenerateSerializer, Alias("masterslave.configuration")]
public sealed class MasterSlaveConfigurationException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public MasterSlaveConfigurationException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public MasterSlaveConfigurationException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
