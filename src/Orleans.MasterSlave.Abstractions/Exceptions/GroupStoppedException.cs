namespace Orleans.MasterSlave;

/// <summary>
/// The group does not go on: one of its operations has ended the process of a silo, or outlasted its limit, time and again, or cannot be
/// read any more. Not executed. The message names the entry, the operation and what an operator can do; reads of
/// <see cref="ReadPreference.AnyReplica"/> show the state before it.
/// </summary>
[GenerateSerializer, Alias("masterslave.stopped")]
public sealed class GroupStoppedException : MasterSlaveException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    public GroupStoppedException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, and what can be done.</param>
    /// <param name="innerException">The last failure seen.</param>
    public GroupStoppedException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
