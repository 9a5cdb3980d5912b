namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Clears away beside the log what nobody needs (D5): snapshot files without a needed snapshot, old segments and snapshot files of which little is
/// needed. One thing at a time, at a limited rate.
/// </summary>
internal sealed class LogCleaner(SegmentRewriter segments, SnapshotRewriter snapshots, GroupCommit commit, WriteAheadLogOptions options, CancellationTokenSource stopping)
{
    private readonly SemaphoreSlim _wanted = new(0, 1);
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private Task _running = Task.CompletedTask;

    /// <summary>Begins with what earlier lives left.</summary>
    public void Start()
    {
        if (!options.CleanInBackground) return;
        Look();
        _running = Task.Run(RunAsync);
    }

    /// <summary>There is more than before that may be cleared away: look.</summary>
    public void Look()
    {
        try
        {
            _wanted.Release();
        }
        catch (SemaphoreFullException)
        {
            // It will look anyway.
        }
    }

    /// <summary>Ends it in the middle of whatever it does; a file that is not complete goes.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await _running;
        await _oneAtATime.WaitAsync(CancellationToken.None); // for somebody who cleans by hand
        _oneAtATime.Release();
    }

    /// <summary>Clears away what is worth it now, but for the newest segments; returns the number of segment files that went.</summary>
    public async Task<int> CleanAsync(int keepNewest)
    {
        await _oneAtATime.WaitAsync(stopping.Token);
        try
        {
            // By turns: under load there may always be more of one kind, and the other is not to wait for that.
            var gone = 0;
            for (var (more, moreSegments) = (true, true); more || moreSegments;)
            {
                more = await snapshots.RewriteOnceAsync();
                var freed = await segments.RewriteOnceAsync(keepNewest);
                moreSegments = freed is not null;
                gone += freed ?? 0;
            }

            return gone;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _wanted.WaitAsync(stopping.Token);
                await CleanAsync(options.SnapshotAfterSegments);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The log is closed.
        }
        catch (Exception ex)
        {
            commit.Fail(ex); // a file was not written, synced or renamed (D2)
        }
    }
}
