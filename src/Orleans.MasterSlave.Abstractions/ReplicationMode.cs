namespace Orleans.MasterSlave;

<<<<<<< HEAD
/// <summary>When an operation on a replicated grain is answered.</summary>
public enum ReplicationMode
{
    /// <summary>
    /// After it is durable on the master and on every slave that is in sync (W4). An answered operation survives the loss of any one of them.
    /// </summary>
    Synchronous,

    /// <summary>
    /// After it is durable on the master; slaves follow behind. Faster, but the last operations are lost with the master's disk, and set aside
    /// and reported when its silo returns after another replica took over.
    /// </summary>
    Asynchronous,
=======
/// <summary>When a changing call is answered.</summary>
public enum ReplicationMode
{
    /// <summary>Answered when it is durable on the master and on every slave in sync: no acknowledged operation is lost when silos die.</summary>
    Synchronous = 0,

    /// <summary>
    /// Answered when it is durable on the master; replicated behind the answer. A failover may lose the last operations; each one is then found in
    /// the old master's file of orphaned operations.
    /// </summary>
    Asynchronous = 1,
>>>>>>> ca2140c (wip)
}
