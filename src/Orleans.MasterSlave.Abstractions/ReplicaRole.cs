namespace Orleans.MasterSlave;

/// <summary>What a replica of a grain is at the moment. Exactly one replica is the master.</summary>
public enum ReplicaRole
{
    /// <summary>Follows the master, and answers reads.</summary>
    Slave,

    /// <summary>Takes the changing calls.</summary>
    Master,
}
