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
    private bool _segmentsToo; // there are more of them; set by whoever, taken back by the one who cleans

    /// <summary>Begins with what earlier lives left.</summary>
    public void Start()
    {
        if (!options.CleanInBackground) return;
        Look();
        _running = Task.Run(RunAsync);
    }

    /// <summary>There are more segments than before: look at all that may be cleared away.</summary>
    public void Look()
    {
        Volatile.Write(ref _segmentsToo, true);
        LookAtSnapshots();
    }

    /// <summary>Less is needed of the snapshot log: look at its files only. To weigh the segments costs more, and nothing has changed there that a roll will not tell.</summary>
    public void LookAtSnapshots()
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
    public Task<int> CleanAsync(int keepNewest) => CleanAsync(keepNewest, segmentsToo: true);

    private async Task<int> CleanAsync(int keepNewest, bool segmentsToo)
    {
        await _oneAtATime.WaitAsync(stopping.Token);
        try
        {
            // By turns: under load there may always be more of one kind, and the other is not to wait for that.
            var gone = 0;
            for (var more = true; more;)
            {
                more = await snapshots.RewriteOnceAsync();
                if (!segmentsToo || await segments.RewriteOnceAsync(keepNewest) is not { } freed) continue;
                gone += freed;
                more = true;
            }

            return gone;
        }
        catch (Exception ex) when (ex is not OperationCanceledException)
        {
            commit.Fail(ex); // a file was not written, synced or renamed (D2)
            throw;
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
                await CleanAsync(options.SnapshotAfterSegments, Interlocked.Exchange(ref _segmentsToo, false));
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The log is closed.
        }
        catch (Exception ex)
        {
            commit.Fail(ex);
        }
    }
}
