namespace Orleans.MasterSlave.Simulated.World;

/// <summary>
/// The tasks of one life of one node: what it awaits comes back here. A paused lane keeps what comes for later; a dead one drops it, so that not one
/// more instruction of a crashed process runs.
/// </summary>
internal sealed class SimLane(SimScheduler scheduler, string name) : TaskScheduler
{
    private readonly List<Task> _held = [];

    public bool IsPaused { get; private set; }
    public bool IsDead { get; private set; }
    public SimScheduler Scheduler => scheduler;

    public void Post(Action action) =>
        Task.Factory.StartNew(() => Guard(action), CancellationToken.None, TaskCreationOptions.DenyChildAttach, this);

    public void Pause() => IsPaused = true;

    public void Resume()
    {
        IsPaused = false;
        foreach (var task in _held) scheduler.Enqueue(this, task);
        _held.Clear();
    }

    public void Kill()
    {
        IsDead = true;
        _held.Clear();
    }

    public void Execute(Task task)
    {
        if (IsDead) return;
        if (IsPaused) _held.Add(task);
        else TryExecuteTask(task);
    }

    protected override void QueueTask(Task task) => scheduler.Enqueue(this, task);

    /// <summary>Every continuation goes through the queue, so that the seed has a say in it.</summary>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
    public override string ToString() => name;

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            scheduler.Fail(e);
        }
    }
}
