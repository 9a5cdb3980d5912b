namespace Orleans.MasterSlave.Liveness;

/// <summary>The durations of L7, validated together.</summary>
internal sealed record LivenessTimes
{
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(200);
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(1);
    public TimeSpan PromotionWait { get; init; } = TimeSpan.FromMilliseconds(1250);

    /// <summary>A slave is behind when it does not hold what was stable so long ago (R2): longer than a batch takes, much shorter than reads may be old.</summary>
    public TimeSpan BehindAfter => HeartbeatInterval * 2;

    /// <summary>
    /// The longest wait by which an earlier life of this node may have granted leases, if that is longer than its own: nothing is competed for sooner after the
    /// start of the process, for a master may still hold such a lease.
    /// </summary>
    public TimeSpan EarlierPromotionWait { get; init; }

    /// <summary>
    /// The longest lease that this node's wait covers, though the clocks' rates differ by ±1 % each: what it grants, whatever lease the master would take (L2).
    /// </summary>
    public TimeSpan GrantedLease => PromotionWait * (0.98 / 1.02);

    /// <summary>
    /// How long a heartbeat and its reply may take at most times: with one heartbeat lost and the next one late, the lease still holds.
    /// </summary>
    public TimeSpan LongestRoundTrip => (LeaseDuration - HeartbeatInterval) / 3;

    /// <summary>The clocks' rates may differ by ±1 % each (L4): the least wait that covers a lease given at the last moment.</summary>
    public TimeSpan LeastPromotionWait => LeaseDuration * (1.02 / 0.98);
}
