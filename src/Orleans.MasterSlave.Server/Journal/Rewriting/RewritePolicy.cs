namespace Orleans.MasterSlave.Journal;

/// <summary>A closed segment as the choice of what to rewrite sees it.</summary>
/// <param name="File">The segment.</param>
/// <param name="NeededBytes">How much of it is needed, about.</param>
internal readonly record struct SegmentUse(SegmentFile File, long NeededBytes)
{
    public bool IsMostlyNeeded(int segmentBytes) => File.IsHarmed || NeededBytes > segmentBytes / 2;
}

/// <summary>
/// Chooses which neighbouring segments are rewritten as one (D5). Segments of which more than half a segment's bytes is needed are left alone, so what
/// is copied is at most as much as what is gained, and what nobody changes is not copied again and again.
/// </summary>
internal static class RewritePolicy
{
    /// <summary>The neighbours to rewrite, oldest first; none when it is not worth it.</summary>
    /// <param name="closed">The closed segments, oldest first.</param>
    /// <param name="segmentBytes">The length of a segment.</param>
    public static IReadOnlyList<SegmentFile> Choose(IReadOnlyList<SegmentUse> closed, int segmentBytes)
    {
        for (var first = 0; first < closed.Count; first++)
        {
            if (closed[first].IsMostlyNeeded(segmentBytes)) continue;
            var (needed, bytes, last) = (0L, 0L, first);
            for (; last < closed.Count && !closed[last].IsMostlyNeeded(segmentBytes) && needed + closed[last].NeededBytes <= segmentBytes; last++)
            {
                needed += closed[last].NeededBytes;
                bytes += closed[last].File.End;
            }

            if (bytes - needed >= segmentBytes / 2 || last - first > 1 && bytes - needed >= segmentBytes / 4)
                return [.. closed.Skip(first).Take(last - first).Select(use => use.File)];
            first = last - 1;
        }

        return [];
    }
}
