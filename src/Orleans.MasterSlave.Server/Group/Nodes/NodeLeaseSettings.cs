using Orleans.Hosting;

namespace Orleans.MasterSlave.Group;

/// <summary>How a node's lease is held.</summary>
/// <param name="Lease">How long a process acts as its node by itself, from when it sent a renewal that landed.</param>
/// <param name="StoreTimeout">How long a call to the store may take.</param>
/// <param name="Outage">What becomes of groups that this node serves alone when the store does not answer for longer than a lease.</param>
internal sealed record NodeLeaseSettings(TimeSpan Lease, TimeSpan StoreTimeout, StoreOutageBehavior Outage)
{
    /// <summary>The time from one renewal to the next.</summary>
    public TimeSpan RenewEvery => Lease / 3;

    /// <summary>A renewal that is not answered in time leaves room for another.</summary>
    public TimeSpan CallLimit => StoreTimeout < RenewEvery ? StoreTimeout : RenewEvery;

    /// <summary>How often it is looked whether something is to be done, and a failed renewal is tried again.</summary>
    public TimeSpan Look => Lease / 12 < TimeSpan.FromSeconds(1) ? Lease / 12 : TimeSpan.FromSeconds(1);
}

/// <summary>What a process is told of its identity.</summary>
internal interface INodeLeaseEvents
{
    /// <summary>The row may be another process's: it is watched for so long before it is taken.</summary>
    void Watching(NodeRecord? row, TimeSpan span);

    /// <summary>A renewal failed, and is tried again.</summary>
    void RenewalFailed(Exception error);

    void Renewed();

    /// <summary>The lease ran out without a renewal.</summary>
    void Lapsed(StoreOutageBehavior outage);

    void HeldAgain();

    /// <summary>Another process is the node: this one must serve and follow no more, for good.</summary>
    void Displaced(string by);

    /// <summary>The node's row is older than what this node wrote.</summary>
    void StoreWentBack(string what);
}
