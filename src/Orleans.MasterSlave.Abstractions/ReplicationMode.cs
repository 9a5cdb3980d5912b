namespace Orleans.MasterSlave;

/// <summary>When an operation on a replicated grain is answered.</summary>
public enum ReplicationMode
{
    /// <summary>
    /// After it is durable on the master and on every slave that is in sync. An answered operation survives the loss of any one of them.
    /// </summary>
    Synchronous,

    /// <summary>
    /// After it is durable on the master; slaves follow behind. Faster, but the last operations are lost with the master's disk, and set aside
    /// and reported when its silo returns after another replica took over.
    /// </summary>
    Asynchronous,
}
