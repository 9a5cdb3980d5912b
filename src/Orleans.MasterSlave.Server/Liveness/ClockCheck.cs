namespace Orleans.MasterSlave.Liveness;

/// <summary>
/// What to make of this silo's wall clock, given how far those of its peers are from it. Wall clocks decide nothing about safety; they are what operations
/// see as <c>UtcNow</c>, and a silo whose clock is wrong should not make a group's time wrong when the others know better (W9).
/// </summary>
internal static class ClockCheck
{
    /// <summary>Clocks that differ by less are taken for equal: time services keep them much closer.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);

    /// <summary>How far the median of all clocks, this one included, or the only peer's clock, is from this one; null: within the tolerance.</summary>
    /// <param name="offsets">For each peer that is heard: its clock minus this one.</param>
    public static TimeSpan? Doubt(IReadOnlyList<TimeSpan> offsets)
    {
        if (offsets.Count == 0) return null;
        var median = offsets.Count == 1 ? offsets[0] : Median(offsets);
        return median.Duration() > Tolerance ? median : null;
    }

    /// <summary>
    /// What to add to the wall clock. Of two clocks nobody can tell which one is right: then it is this one's time that counts here.
    /// </summary>
    public static TimeSpan Correction(IReadOnlyList<TimeSpan> offsets) => offsets.Count >= 2 ? Doubt(offsets) ?? TimeSpan.Zero : TimeSpan.Zero;

    /// <summary>The middle one of the offsets and zero, which is this silo's own; of two in the middle the one that is nearer to zero.</summary>
    private static TimeSpan Median(IReadOnlyList<TimeSpan> offsets)
    {
        var all = offsets.Append(TimeSpan.Zero).Order().ToArray();
        var (low, high) = (all[(all.Length - 1) / 2], all[all.Length / 2]);
        return low.Duration() < high.Duration() ? low : high;
    }
}
