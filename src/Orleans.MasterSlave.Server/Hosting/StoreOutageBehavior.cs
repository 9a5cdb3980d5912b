namespace Orleans.Hosting;

/// <summary>
/// What a silo does with groups of which it holds the only replica in sync, while the group store does not answer for longer than its
/// node lease.
/// </summary>
public enum StoreOutageBehavior
{
    /// <summary>
    /// They are not served until the store answers: another process with a copy of this silo's folder may be the node meanwhile, and
    /// acknowledge too.
    /// </summary>
    StopServingAlone = 0,

    /// <summary>
    /// They are served on, without protection against a copy of the silo's folder. Only where it is certain that no copy of it is ever
    /// started beside it: no snapshots of running machines, no copied volumes.
    /// </summary>
    GoOn = 1,
}
