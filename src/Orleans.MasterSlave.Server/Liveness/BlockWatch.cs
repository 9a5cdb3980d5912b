using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Liveness;

/// <summary>
/// Notices from outside that user code blocks a replica's thread: then no limit that is watched from that thread ends, and no call, tick
/// or acknowledgement gets through, while the silo's heartbeats go on (L6). One for a silo. Replicas at rest are not asked.
/// </summary>
/// <remarks>
/// It does not look at how long a turn takes but at whether the thread lets anything through: code that only awaits does not block. Time
/// counts as far as it was looked at, so a process that was paused finds nobody blocked when it wakes.
/// </remarks>
internal sealed class BlockWatch(TimeProvider time, TimeSpan interval)
{
    private TimeSpan _looked = time.GetElapsedTime(0);

    /// <summary>To be called once in each interval, from one thread that no replica runs on.</summary>
    public void Look(IEnumerable<IWatchedReplica> replicas)
    {
        var now = time.GetElapsedTime(0);
        var passed = now - _looked < interval * 2 ? now - _looked : interval * 2;
        _looked = now;
        foreach (var replica in replicas)
        {
            if (replica.UnderWay is not { } turn) continue;
            var silent = replica.Thread.SilentFor(passed);
            if (silent > turn.Limit && replica.Thread.TellOnce()) replica.Blocked($"{turn} has blocked its thread for longer than {turn.Option} ({turn.Limit})");
        }
    }

    public async Task RunAsync(Func<IEnumerable<IWatchedReplica>> replicas, Action<string, Action> guard, CancellationToken stopped)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopped)) guard("looking for blocked replicas", () => Look(replicas()));
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }
}

/// <summary>A replica as the watch sees it. From any thread.</summary>
internal interface IWatchedReplica
{
    /// <summary>What was begun on the replica's thread and has not ended, so may block it; null: it is at rest.</summary>
    OpenTurn? UnderWay { get; }

    ThreadProbe Thread { get; }

    /// <summary>Its thread is blocked: give up the office at once, without it (L6).</summary>
    void Blocked(string reason);
}

/// <summary>Tells whether a replica's thread lets anything through. Used by the watch only, but for the answer.</summary>
/// <param name="post">Has something done on the replica's thread.</param>
internal sealed class ThreadProbe(Action<Action> post)
{
    private volatile bool _answered = true;
    private TimeSpan _silent;
    private bool _told;

    /// <summary>How long the thread has let nothing through, as far as was looked. Asks it when it has answered.</summary>
    /// <param name="passed">Time since the last look.</param>
    public TimeSpan SilentFor(TimeSpan passed)
    {
        if (!_answered) return _silent += passed;
        _silent = TimeSpan.Zero;
        _told = false;
        _answered = false;
        post(() => _answered = true);
        return TimeSpan.Zero;
    }

    /// <summary>True once for each silence.</summary>
    public bool TellOnce() => !_told && (_told = true);
}

/// <summary>User code that was begun, and its limit.</summary>
internal sealed class OpenTurn
{
    private readonly object _what;

    public OpenTurn(string what, TimeSpan limit, string option) => (_what, Limit, Option) = (what, limit, option);

    public OpenTurn(IReadOnlyList<LogEntry> batch, TimeSpan limit, string option) => (_what, Limit, Option) = (batch, limit, option);

    public TimeSpan Limit { get; }

    /// <summary>The option that sets the limit.</summary>
    public string Option { get; }

    public static string NameOf(IReadOnlyList<LogEntry> batch) => $"operations {batch[0].Index} to {batch[^1].Index}";

    public override string ToString() => _what is IReadOnlyList<LogEntry> batch ? NameOf(batch) : $"{_what}";
}
