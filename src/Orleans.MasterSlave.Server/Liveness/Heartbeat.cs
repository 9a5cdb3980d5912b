using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Liveness;

/// <summary>
/// A slave silo's promise counter towards one master silo (L3): never reused, also across restarts, because the start count leads.
/// </summary>
[GenerateSerializer, Immutable, Alias("masterslave.lease-session")]
internal readonly record struct LeaseSession([property: Id(0)] long StartCount, [property: Id(1)] long Counter) : IComparable<LeaseSession>
{
    public int CompareTo(LeaseSession other) => (StartCount, Counter).CompareTo((other.StartCount, other.Counter));
    public override string ToString() => $"s{StartCount}.{Counter}";
}

/// <summary>A mastership given up by its master (L6): its slaves need not wait.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.resignation")]
internal readonly record struct Resignation([property: Id(0)] GroupId Group, [property: Id(1)] Epoch Epoch, [property: Id(2)] GroupBirth Birth)
{
    /// <summary>The last entry of its log: nothing after it was or will be answered by this mastership (C5). Null: it could not be told.</summary>
    [Id(3)] public LogPosition? End { get; init; }
}

/// <summary>A moment of a process, by its own monotonic clock.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.heartbeat-echo")]
internal readonly record struct HeartbeatEcho([property: Id(0)] long StartCount, [property: Id(1)] TimeSpan Now);

/// <summary>Master silo to slave silo, one for a pair of silos whatever the number of groups (L1).</summary>
[GenerateSerializer, Immutable, Alias("masterslave.heartbeat")]
internal sealed class Heartbeat
{
    [Id(0)] public required NodeLife Sender { get; init; }
    [Id(1)] public required long Number { get; init; }
    [Id(2)] public required StoreId Store { get; init; }
    [Id(3)] public Resignation[] Resignations { get; init; } = [];

    /// <summary>
    /// The sender's log failed or makes no progress, or nobody has answered it of late: this carries resignations, and is no sign of
    /// life. Answering it gives no lease (L1).
    /// </summary>
    [Id(4)] public bool IsNoSignOfLife { get; init; }

    /// <summary>The sender stops in order (L6): its slaves are to be taken out at once; until then they go on acknowledging.</summary>
    [Id(6)] public bool Leaving { get; init; }

    /// <summary>The sender's wall clock when it was sent.</summary>
    [Id(5)] public DateTime UtcNow { get; init; }

    /// <summary>What the receiver's clock showed in its last reply that the sender had when it sent this: so this was sent later than that (R2).</summary>
    [Id(10)] public HeartbeatEcho? Echo { get; init; }

    /// <summary>
    /// Groups of which the receiver does not hold what was stable <see cref="LivenessTimes.BehindAfter"/> ago, or of which the sender does not serve yet: reads of
    /// them over there may be old, though the sender is alive (R2).
    /// </summary>
    [Id(11)] public GroupId[] Behind { get; init; } = [];

    /// <summary>There are more such groups than a heartbeat names: take each for one.</summary>
    [Id(12)] public bool AnyMayBeBehind { get; init; }
}

/// <summary>Slave silo to master silo (L3).</summary>
[GenerateSerializer, Immutable, Alias("masterslave.heartbeat-reply")]
internal sealed class HeartbeatReply
{
    [Id(0)] public required NodeLife Replier { get; init; }
    [Id(1)] public required long Number { get; init; }
    [Id(2)] public required LeaseSession Session { get; init; }

    /// <summary>The replier's monotonic clock: it comes back with the next heartbeat.</summary>
    [Id(10)] public TimeSpan Now { get; init; }

    /// <summary>Groups whose replica over there started anew in the same process, and has not heard its master yet: it lacks the stable point. A bounded number.</summary>
    [Id(3)] public GroupId[] StartedAnew { get; init; } = [];

    /// <summary>For how long the lease may last, from the sending of that heartbeat: what the replier's own wait covers (L2).</summary>
    [Id(4)] public required TimeSpan GrantedLease { get; init; }

    /// <summary>For how long the replier waits for a silent master.</summary>
    [Id(5)] public required TimeSpan PromotionWait { get; init; }

    /// <summary>The replier stops in order (L6): its slaves are to be taken out at once; until then they go on acknowledging.</summary>
    [Id(7)] public bool Leaving { get; init; }

    /// <summary>The replier's wall clock when it answered.</summary>
    [Id(6)] public required DateTime UtcNow { get; init; }
}
