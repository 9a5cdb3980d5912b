using Microsoft.Extensions.Logging;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Rewrites old segments of which little is needed, so that groups that take no snapshot (idle, never opened, quarantined) do not keep the whole log
/// (D5). Never while the disk is full; one at a time.
/// </summary>
/// <remarks>
/// The order of records stays as it was, so a rewritten log reads back as before, whatever was appended meanwhile. One rename is the switch; where the
/// records now lie is told to the groups before the old files are let go.
/// </remarks>
internal sealed partial class SegmentRewriter(
    LogDirectory directory, SegmentFiles segments, SegmentPins pins, SegmentWriter writer, GroupCommit commit, int segmentBytes, RewritePace pace, TimeProvider time, ILogger logger)
{
    private const int KeptForSegments = 64; // by then, what was kept for order may have become unneeded; a rewriting in so many is not much

    /// <summary>Rewrites once what is worth it, but for the newest segments; returns the number of files that went, or null when there is no more to do now.</summary>
    public async Task<int?> RewriteOnceAsync(int keepNewest)
    {
        if (segments.Count <= keepNewest || commit.IsFull || commit.Failed.IsCompleted) return null;
        return RewritePolicy.Choose(Closed(keepNewest), segmentBytes) is { Count: > 0 } chosen ? await RewriteAsync(chosen) : null;
    }

    private List<FileUse<SegmentFile>> Closed(int keepNewest)
    {
        var needed = pins.NeededWeights();
        var all = segments.All();
        return [.. all.Take(all.Count - Math.Max(2, keepNewest)).TakeWhile(file => file.Number < pins.HoldsAllFrom)
            .Select(file => new FileUse<SegmentFile>(file, Math.Min(file.End, NeededBytes(file, needed) + KeptBytes(file, all[^1].Number))))];
    }

    private static long KeptBytes(SegmentFile file, long newest) => newest - file.KeptAt < KeptForSegments ? file.KeptBytes : 0;

    // Never less than what is believed now: so the same choice is not made twice in vain.
    private void Learn(SegmentFile file, long copied, IReadOnlyDictionary<SegmentFile, long> needed)
    {
        var newest = segments.All()[^1].Number;
        (file.KeptBytes, file.KeptAt) = (Math.Max(KeptBytes(file, newest), copied - NeededBytes(file, needed)), newest);
    }

    private static long NeededBytes(SegmentFile file, IReadOnlyDictionary<SegmentFile, long> needed) =>
        file.Weight == 0 ? 0 : file.End * needed.GetValueOrDefault(file) / file.Weight;

    // Returns the number of files that went; null: that is enough for now.
    private async Task<int?> RewriteAsync(IReadOnlyList<SegmentFile> chosen)
    {
        var started = time.GetTimestamp();
        var last = chosen[^1];
        var path = last.Path + RewriteFile.Suffix;
        var to = new SegmentFile(last.Number, last.Path);
        if (!TryHold(last)) return 0; // its name will be another file's, which a reader must not open in its place
        try
        {
            if (RewriteFile.TryCreate(directory.Files, path, out var reason) is not { } file)
            {
                LogNotRewritten(path, reason);
                return null;
            }

            if (await CopyAsync(chosen, to, file) is not { } moves) return 0;
            if (!Switch(chosen, to, moves, path)) return null;
            foreach (var leftover in chosen.SkipLast(1)) directory.Files.Delete(leftover.Path); // there may be many: the flushing thread does not wait for it
            Learn(to, to.End, pins.NeededWeights());
            LogRewritten(chosen.Count, last.Path, chosen.Sum(file => file.End), to.End, time.GetElapsedTime(started));
            return chosen.Count - 1;
        }
        catch (LogFullException ex)
        {
            LogNotRewritten(last.Path, ex.Message);
            return null;
        }
        finally
        {
            segments.Open.Release(last);
            directory.Files.Delete(path); // when it was not switched to
        }
    }

    // Returns where the records lie in the copy; null when it is of no use, and the next choice is another.
    private async Task<Dictionary<GroupPins, List<RecordMove>>?> CopyAsync(IReadOnlyList<SegmentFile> chosen, SegmentFile to, ILogFile empty)
    {
        var all = segments.All();
        using var copy = new SegmentCopy(directory.NodeId, segments, pins, empty, to, isFirst: all[0] == chosen[0]);
        if (copy.ReadHeader(all.First(file => file.Number > to.Number)) is not { } following) return LeftAlone(chosen[^1], $"of the segment after it, {copy.Wrong}");
        var needed = pins.NeededWeights();
        foreach (var file in chosen)
        {
            var before = copy.Length;
            if (!await copy.AddAsync(file, pace)) return LeftAlone(file, copy.Wrong);
            Learn(file, copy.Length - before, needed);
            if (copy.Length > segmentBytes + SegmentCopy.EmptyBytes && file != chosen[0])
                return null; // evidence, or kept for order, which nobody could weigh: now that it is known, fewer are chosen
        }

        copy.Finish(following.FirstBatch);
        return copy.Moves;
    }

    private bool TryHold(SegmentFile file)
    {
        try
        {
            return segments.Open.TryHold(file); // false: deleted meanwhile
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            LeftAlone(file, ex.Message);
            return false;
        }
    }

    // The rename is the switch: from then on recovery takes the new file for all that it stands for.
    private bool Switch(IReadOnlyList<SegmentFile> chosen, SegmentFile to, Dictionary<GroupPins, List<RecordMove>> moves, string path)
    {
        lock (writer.Structure)
        {
            if (commit.Failed.IsCompleted || !chosen.All(segments.Contains)) return false; // or nobody needs them any more: the flushing thread was faster
            directory.Files.Replace(path, to.Path);
            directory.Files.SyncDirectory(directory.Path);
            segments.Replace(to);
            pins.Move(chosen.ToHashSet(), to, moves);
            foreach (var file in chosen) segments.Retire(file);
            return true;
        }
    }

    private Dictionary<GroupPins, List<RecordMove>>? LeftAlone(SegmentFile file, string? reason)
    {
        if (!segments.Contains(file)) return null; // nobody needed it any more
        file.IsHarmed = true;
        LogNotRewritten(file.Path, reason);
        return null;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} segments up to {File} were rewritten: {Before} bytes to {After}, in {Elapsed}")]
    private partial void LogRewritten(int count, string file, long before, long after, TimeSpan elapsed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} is not rewritten: {Reason}")]
    private partial void LogNotRewritten(string file, string? reason);
}
