namespace Orleans.MasterSlave.Journal;

/// <summary>A closed file as the choice of what to rewrite sees it.</summary>
/// <param name="File">The file.</param>
/// <param name="NeededBytes">How much of it is needed, about.</param>
internal readonly record struct FileUse<T>(T File, long NeededBytes)
    where T : LogFile
{
    public bool IsMostlyNeeded(int fileBytes) => File.IsHarmed || NeededBytes > fileBytes / 2;
}

/// <summary>
/// Chooses which neighbouring files, of the log or of the snapshot log, are rewritten as one (D5). Files of which more than half a file's bytes is needed are
/// left alone, so what is copied is at most as much as what is gained, and what nobody changes is not copied again and again.
/// </summary>
internal static class RewritePolicy
{
    /// <summary>The neighbours to rewrite, oldest first; none when it is not worth it.</summary>
    /// <param name="closed">The closed files, oldest first.</param>
    /// <param name="fileBytes">The length that files are meant to have.</param>
    public static IReadOnlyList<T> Choose<T>(IReadOnlyList<FileUse<T>> closed, int fileBytes)
        where T : LogFile
    {
        for (var first = 0; first < closed.Count; first++)
        {
            if (closed[first].IsMostlyNeeded(fileBytes)) continue;
            var (needed, bytes, last) = (0L, 0L, first);
            for (; last < closed.Count && !closed[last].IsMostlyNeeded(fileBytes) && needed + closed[last].NeededBytes <= fileBytes; last++)
            {
                needed += closed[last].NeededBytes;
                bytes += closed[last].File.End;
            }

            if (bytes - needed >= fileBytes / 2 || (last - first > 1 && bytes - needed >= fileBytes / 4))
                return [.. closed.Skip(first).Take(last - first).Select(use => use.File)];
            first = last - 1;
        }

        return [];
    }
}
