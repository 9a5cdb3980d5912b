namespace Orleans.MasterSlave;

/// <summary>
/// What goes wrong with a replicated grain itself; each type is one thing that the caller should do. The application's own exceptions are
/// rethrown as they were thrown, and never derive from this; one of these that a grain's own code threw comes as
/// <see cref="ThrownByGrainException"/>.
/// </summary>
[GenerateSerializer, Alias("masterslave.exception")]
public abstract class MasterSlaveException : Exception
{
    private protected MasterSlaveException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}
