using System.Runtime.ExceptionServices;
using Orleans.MasterSlave.Commit;

namespace Orleans.MasterSlave.Simulated.World;

/// <summary>
/// One thread, one virtual time, all tasks. Ready tasks run first come, first served, or in an order drawn from the seed; when none is ready, time
/// jumps to the next timer. A task that arrives from another thread fails the run: nothing would be repeatable after it.
/// </summary>
internal sealed class SimScheduler
{
    [ThreadStatic] private static SimScheduler? s_current;

    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly SimRandom? _order;
    private readonly Queue<(SimLane Lane, Task Task)> _queue = new();
    private readonly List<(SimLane Lane, Task Task)> _bag = [];
    private readonly PriorityQueue<(SimTimer Timer, long Version), (long Due, long Number)> _timers = new();
    private volatile Exception? _failure;
    private long _numbers;

    static SimScheduler() => AppDomain.CurrentDomain.FirstChanceException += OnException;

    /// <param name="order">Null: first come, first served.</param>
    public SimScheduler(SimRandom? order)
    {
        _order = order;
        s_current = this;
        World = new SimLane(this, "world");
    }

    /// <summary>Ticks of 100 ns since the run began.</summary>
    public long Now { get; private set; }

    /// <summary>Where everything runs that is not a node's.</summary>
    public SimLane World { get; }
    public long Steps { get; private set; }
    public Exception? Failure => _failure;

    public void Fail(Exception failure) => Interlocked.CompareExchange(ref _failure, failure, null);

    internal void Enqueue(SimLane lane, Task task)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            Fail(new SimulationException($"A continuation of lane {lane} came from another thread:{Environment.NewLine}{Environment.StackTrace}"));
            return;
        }

        if (_order is null) _queue.Enqueue((lane, task));
        else _bag.Add((lane, task));
    }

    internal void Schedule(SimTimer timer, long version, long due) => _timers.Enqueue((timer, version), (Math.Max(due, Now), ++_numbers));

    /// <summary>Runs until the condition holds (true) or a time has come (false).</summary>
    public bool Run(Func<bool> until, long deadline)
    {
        while (_failure is null && !until())
        {
            if (TryTake(out var lane, out var task))
            {
                Steps++;
                lane.Execute(task);
            }
            else if (_timers.TryDequeue(out var next, out var at))
            {
                if (at.Due > deadline)
                {
                    _timers.Enqueue(next, at);
                    Now = deadline;
                    return false;
                }

                Now = at.Due;
                next.Timer.Fire(next.Version);
            }
            else
            {
                return false;
            }
        }

        if (_failure is { } failure) ExceptionDispatchInfo.Throw(failure);
        return true;
    }

    private bool TryTake(out SimLane lane, out Task task)
    {
        (SimLane Lane, Task Task) taken;
        if (_order is null)
        {
            if (!_queue.TryDequeue(out taken)) return None(out lane, out task);
        }
        else
        {
            if (_bag.Count == 0) return None(out lane, out task);
            var at = _order.Below(_bag.Count);
            taken = _bag[at];
            _bag[at] = _bag[^1];
            _bag.RemoveAt(_bag.Count - 1);
        }

        (lane, task) = taken;
        return true;
    }

    private static bool None(out SimLane lane, out Task task)
    {
        (lane, task) = (null!, null!);
        return false;
    }

    /// <summary>A broken invariant fails the run even where the core survives it.</summary>
    private static void OnException(object? sender, FirstChanceExceptionEventArgs e)
    {
        if (e.Exception is BrokenInvariantException or SimulationException) s_current?.Fail(e.Exception);
    }
}

/// <summary>The simulation found what must not be.</summary>
internal sealed class SimulationException(string message) : Exception(message);
