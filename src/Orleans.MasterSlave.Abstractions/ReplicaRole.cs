namespace Orleans.MasterSlave;

/// <summary>
/// What a replica of a grain is at the moment, as far as it knows: during a failover none may be the master, and one that was cut off
/// takes itself for it until it hears otherwise. Only one at a time can answer operations.
/// </summary>
public enum ReplicaRole
{
    /// <summary>Follows the master, and answers reads.</summary>
    Slave,

    /// <summary>Takes the changing calls.</summary>
    Master,
}
