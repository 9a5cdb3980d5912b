using Microsoft.Extensions.Logging;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Clears the snapshot log (D5): deletes files of which nothing is needed, and rewrites neighbours of which little is needed as one. Only who calls this
/// deletes or renames files there, one at a time.
/// </summary>
/// <remarks>
/// The rewritten file has the number of the first that it was made of, and takes its place by one rename. Where a crash leaves the others, they are what they were:
/// each snapshot is then looked for, and found, where it was before.
/// </remarks>
internal sealed partial class SnapshotRewriter(ILogFiles files, SnapshotFiles snapshots, GroupCommit commit, int fileBytes, RewritePace pace, TimeProvider time, ILogger logger)
{
    /// <summary>Deletes what nobody needs, and rewrites once what is worth it; false when there is no more to do now.</summary>
    public async Task<bool> RewriteOnceAsync()
    {
        DeleteUnneeded();
        foreach (var file in snapshots.All()) LookInto(file);
        if (commit.IsFull || commit.Failed.IsCompleted) return false;
        return RewritePolicy.Choose(snapshots.Uses(), fileBytes) is { Count: > 0 } chosen && await RewriteAsync(chosen);
    }

    private void DeleteUnneeded()
    {
        foreach (var file in snapshots.TakeUnneeded())
        {
            snapshots.Open.Retire(file);
            Delete(file);
        }
    }

    private void Delete(SnapshotFile file)
    {
        try
        {
            files.Delete(file.Path);
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            LogLeftover(file.Path, ex);
        }
    }

    private void LookInto(SnapshotFile file)
    {
        try
        {
            if (!file.IsHarmed) snapshots.LookInto(file);
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            LeftAlone(file, ex.Message);
        }
    }

    // Returns false when that is enough for now.
    private async Task<bool> RewriteAsync(IReadOnlyList<SnapshotFile> chosen)
    {
        var started = time.GetTimestamp();
        var to = new SnapshotFile(chosen[0].First, chosen[0].Path);
        var path = to.Path + RewriteFile.Suffix;
        if (!TryHold(chosen[0])) return chosen[0].IsHarmed; // its name will be another file's, which a reader must not open in its place
        try
        {
            if (RewriteFile.TryCreate(files, path, out var reason) is not { } file)
            {
                LogNotRewritten(path, reason);
                return false;
            }

            if (!await CopyAsync(chosen, to, file)) return true; // one is left alone from now on, and the next choice is another
            if (commit.Failed.IsCompleted) return false;
            files.Replace(path, to.Path);
            files.SyncDirectory(snapshots.Directory);
            snapshots.Replace(chosen, to);
            foreach (var rewritten in chosen) snapshots.Open.Retire(rewritten);
            foreach (var leftover in chosen.Skip(1)) Delete(leftover);
            LogRewritten(chosen.Count, to.Path, chosen.Sum(rewritten => rewritten.End), to.End, time.GetElapsedTime(started));
            return true;
        }
        catch (LogFullException ex)
        {
            LogNotRewritten(to.Path, ex.Message);
            return false;
        }
        finally
        {
            snapshots.Open.Release(chosen[0]);
            files.Delete(path); // when it was not switched to
        }
    }

    private bool TryHold(SnapshotFile file)
    {
        try
        {
            return snapshots.Open.TryHold(file);
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            LeftAlone(file, ex.Message);
            return false;
        }
    }

    private async Task<bool> CopyAsync(IReadOnlyList<SnapshotFile> chosen, SnapshotFile to, ILogFile empty)
    {
        using var copy = new SnapshotCopy(snapshots, empty, to, pace);
        foreach (var file in chosen)
        {
            if (await copy.AddAsync(file) is not { } wrong) continue;
            LeftAlone(file, wrong);
            return false;
        }

        copy.Finish();
        return true;
    }

    private void LeftAlone(SnapshotFile file, string reason)
    {
        file.IsHarmed = true;
        LogNotRewritten(file.Path, reason);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} snapshot files from {File} on were rewritten: {Before} bytes to {After}, in {Elapsed}")]
    private partial void LogRewritten(int count, string file, long before, long after, TimeSpan elapsed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} is not rewritten: {Reason}")]
    private partial void LogNotRewritten(string file, string? reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} is no longer used but could not be deleted; the next start does it")]
    private partial void LogLeftover(string file, Exception reason);
}
