using System.Threading.Tasks.Sources;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// Waits for first attempts, each for the same time at most, with one timer for all of them: a timer for each call would be the dearest part
/// of a call. A wait may last an eighth longer than asked for.
/// </summary>
internal sealed class AttemptWatch : IDisposable
{
    private readonly TimeProvider _time;
    private readonly long _patience;
    private readonly Shard[] _shards = [.. Enumerable.Range(0, 8).Select(_ => new Shard())];
    private readonly ITimer _timer;

    public AttemptWatch(TimeSpan patience, TimeProvider time)
    {
        _time = time;
        _patience = (long)(patience.TotalSeconds * time.TimestampFrequency);
        _timer = time.CreateTimer(static watch => ((AttemptWatch)watch!).Sweep(), this, patience / 8, patience / 8);
    }

    /// <summary>Completes, never with an exception, when the task has ended or the patience is at its end.</summary>
    public ValueTask WaitAsync(Task task)
    {
        if (task.IsCompleted) return default;
        var shard = _shards[Environment.CurrentManagedThreadId & 7];
        var wait = new Wait(shard, _time.GetTimestamp() + _patience);
        shard.Add(wait);
        task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(wait.Complete);
        return new ValueTask(wait, wait.Version);
    }

    public void Dispose() => _timer.Dispose();

    private void Sweep()
    {
        var now = _time.GetTimestamp();
        foreach (var shard in _shards)
        {
            while (shard.Overdue(now) is { } wait) ThreadPool.UnsafeQueueUserWorkItem(static overdue => overdue.Complete(), wait, preferLocal: false);
        }
    }

    /// <summary>Waits in the order of their ends, as they all take the same time.</summary>
    private sealed class Shard
    {
        private readonly Lock _gate = new();
        private readonly LinkedList<Wait> _waits = new();

        public void Add(Wait wait)
        {
            lock (_gate) _waits.AddLast(wait.Node);
        }

        public void Remove(Wait wait)
        {
            lock (_gate)
            {
                if (wait.Node.List is not null) _waits.Remove(wait.Node);
            }
        }

        public Wait? Overdue(long now)
        {
            lock (_gate)
            {
                if (_waits.First is not { } first || first.Value.End > now) return null;
                _waits.Remove(first);
                return first.Value;
            }
        }
    }

    private sealed class Wait : IValueTaskSource
    {
        private readonly Shard _shard;
        private ManualResetValueTaskSourceCore<bool> _core;
        private int _completed;

        public Wait(Shard shard, long end)
        {
            (_shard, End) = (shard, end);
            Node = new LinkedListNode<Wait>(this);
        }

        public LinkedListNode<Wait> Node { get; }
        public long End { get; }
        public short Version => _core.Version;

        public void Complete()
        {
            if (Interlocked.Exchange(ref _completed, 1) != 0) return;
            _shard.Remove(this);
            _core.SetResult(true);
        }

        public void GetResult(short token) => _core.GetResult(token);
        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);
        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
