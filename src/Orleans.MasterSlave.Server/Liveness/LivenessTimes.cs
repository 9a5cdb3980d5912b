namespace Orleans.MasterSlave.Liveness;

/// <summary>The durations of L7, validated together.</summary>
internal sealed record LivenessTimes
{
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(200);
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(1);
    public TimeSpan PromotionWait { get; init; } = TimeSpan.FromMilliseconds(1250);

    /// <summary>A slave is behind when it does not hold what was stable so long ago (R2): longer than a batch takes, much shorter than reads may be old.</summary>
    public TimeSpan BehindAfter => HeartbeatInterval * 2;

    /// <summary>The clocks' rates may differ by ±1 % each (L4): the least wait that covers a lease given at the last moment.</summary>
    public TimeSpan LeastPromotionWait => LeaseDuration * (1.02 / 0.98);
}
