namespace Orleans.MasterSlave;

/// <summary>
/// No node can make a group that does not exist yet, and the last one failed with the inner exception: an activation that fails, mostly.
/// Callers get that one.
/// </summary>
[GenerateSerializer, Alias("masterslave.group-not-made")]
internal sealed class GroupNotMadeException(string message, Exception? innerException) : MasterSlaveException(message, innerException);
