using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Disk;

/// <summary>Something on its way to the platter.</summary>
/// <param name="Land">Makes it durable.</param>
/// <param name="Landed">Tells the log, in its lane, that it is.</param>
/// <param name="Torn">Makes only a part of it durable; null: it is atomic.</param>
internal sealed record DiskWrite(Action Land, Action Landed, Action<SimRandom>? Torn, TaskCompletionSource Done);

/// <summary>Brings writes to the platter in order, in batches, after a delay: one flush at a time. A crash loses what has not landed, but for a prefix of it.</summary>
internal sealed class DiskWriter(SimWorld world, SimLane lane, SimRandom random, DiskContents contents, DiskFaults faults)
{
    private readonly List<DiskWrite> _waiting = [];
    private List<DiskWrite> _flushing = [];
    private bool _lostSync;

    /// <summary>The sync failed: nothing becomes durable any more in this life (D2).</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Since when one flush has been under way; null: none is.</summary>
    public TimeSpan? FlushingSince { get; private set; }

    public Task Enqueue(DiskWrite write)
    {
        if (HasFailed) return Task.FromException(new LogFailedException("The simulated disk has failed."));
        _waiting.Add(write);
        if (_flushing.Count == 0) Flush();
        return write.Done.Task;
    }

    public void Fail()
    {
        if (HasFailed) return;
        HasFailed = true;
        foreach (var write in _flushing.Concat(_waiting).ToArray())
            lane.Post(() => write.Done.TrySetException(new LogFailedException("The simulated disk has failed.")));
        if (random.Chance(0.5)) LandPrefix();
        _flushing = [];
        _waiting.Clear();
    }

    /// <summary>The process dies: of what was under way, a prefix in order may have reached the platter, the next write perhaps in part.</summary>
    public void Crash()
    {
        if (!HasFailed && !_lostSync) LandPrefix();
        _flushing = [];
        _waiting.Clear();
    }

    private void Flush()
    {
        _flushing = [.. _waiting];
        _waiting.Clear();
        var batch = _flushing;
        FlushingSince = world.Now;
        world.After(faults.FlushTime(world, random), Land);
        faults.WentOn += GoOn;

        void GoOn()
        {
            faults.WentOn -= GoOn;
            Land();
        }

        void Land()
        {
            faults.WentOn -= GoOn;
            if (batch != _flushing || HasFailed || lane.IsDead) return;
            FlushingSince = null;
            _lostSync |= faults.Lie == DiskLie.SyncThatFailedIsForgotten && random.Chance(0.02);
            if (!_lostSync) foreach (var write in batch) write.Land();
            lane.Post(() =>
            {
                if (HasFailed) return;
                foreach (var write in batch)
                {
                    write.Landed();
                    write.Done.TrySetResult();
                }
            });
            _flushing = [];
            if (_waiting.Count > 0) Flush();
        }
    }

    private void LandPrefix()
    {
        var underWay = _flushing.Concat(_waiting).ToList();
        if (faults.LandsAtCrash is { } lands)
        {
            if (lands) underWay.ForEach(w => w.Land());
            return;
        }

        var landed = random.Chance(0.3) ? underWay.Count : random.Below(underWay.Count + 1);
        for (var i = 0; i < landed; i++) underWay[i].Land();
        if (landed == underWay.Count || underWay[landed].Torn is not { } tear || !random.Chance(0.5)) return;
        tear(random);
        contents.Tear();
        world.Count("torn tail");
    }
}

/// <summary>How a log may break its promises: planted to see that the checks notice.</summary>
public enum DiskLie
{
    None,

    /// <summary>
    /// A sync failed, and the log goes on and takes the next good one for all: what it confirms from there on is not on the disk.
    /// </summary>
    SyncThatFailedIsForgotten,

    /// <summary>What was cut was durable: so is what stands in its place, before it is written.</summary>
    CutLeavesMarks,
}

/// <summary>What a full disk refuses. It refuses entries first: promises and cuts go on in what is left of the segment (D5).</summary>
[Flags]
public enum RefusedWrites
{
    None = 0,
    Entries = 1,

    /// <summary>Snapshots, the own and a master's, and orphaned operations.</summary>
    Files = 2,
    Marks = 4,
    All = Entries | Files | Marks,
}

/// <summary>One node's disk: how fast it is, when it stalls, and whether it is full.</summary>
internal sealed class DiskFaults
{
    public double MostMilliseconds { get; init; } = 2;
    public DiskLie Lie { get; init; }
    public TimeSpan StalledUntil { get; set; }

    /// <summary>How much longer each flush takes.</summary>
    public TimeSpan Slower { get; set; }

    /// <summary>What is no longer in memory cannot be read back: whoever tries fails the disk (D2).</summary>
    public bool FailsToRead { get; set; }

    /// <summary>The disk is full for these: they are refused, and nothing of them is written.</summary>
    public RefusedWrites FullFor { get; set; }

    /// <summary>Raised when a stall ends before its time.</summary>
    public event Action? WentOn;

    public void GoOn()
    {
        StalledUntil = TimeSpan.Zero;
        WentOn?.Invoke();
    }

    /// <summary>For scripted histories: whether what is under way reaches the platter when the process dies; null goes by chance.</summary>
    public bool? LandsAtCrash { get; set; }

    public TimeSpan FlushTime(SimWorld world, SimRandom random)
    {
        var time = random.Milliseconds(0.05, MostMilliseconds) + Slower;
        return StalledUntil > world.Now ? StalledUntil - world.Now + time : time;
    }
}
