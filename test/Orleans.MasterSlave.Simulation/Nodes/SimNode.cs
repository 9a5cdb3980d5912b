using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Simulated.Disk;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Nodes;

/// <summary>What lasts of a node over its lives: its disk, its start count, its clock.</summary>
internal sealed class SimNode(SimCluster cluster, int index, SimRandom random) : INodeFolder
{
    private readonly Dictionary<int, DiskContents> _contents = [];
    private readonly SortedDictionary<int, SimMarks> _marks = [];

    public int Index => index;

    /// <summary>A copy of another node's disk, in the place of another machine.</summary>
    public SimNode? CopyOf { get; private init; }
    public long StartCount { get; private set; }

    /// <summary>The latest life that took messages: of one that only starts nobody knows.</summary>
    public long LastUp { get; private set; }

    public string Place { get; private set; } = "";
    public NodeMemory Memory { get; private set; } = NodeMemory.Empty;
    public void Keep(NodeMemory memory) => Memory = memory;
    public bool StoreWentBack { get; set; }
    public void RememberStoreWentBack(string what) => StoreWentBack = true;

    public double ClockRate { get; } = random.Between(0.99, 1.01);
    public long ClockZero { get; } = (long)(random.Unit() * 1e12) + 1;

    /// <summary>How far its wall clock is off; a step of the clock changes it.</summary>
    public TimeSpan WallClockOffset { get; set; } =
        random.Milliseconds(-2_000, 2_000) + (cluster.Options.WrongClocks ? TimeSpan.FromHours(random.Pick([0.0, 2, -2, 48])) : TimeSpan.Zero);
    public DiskFaults Disk { get; } = new() { MostMilliseconds = cluster.Options.SlowestFlushMilliseconds, Lie = cluster.Options.Lie };

    /// <summary>For scripted histories: how long each batch of operations takes.</summary>
    public TimeSpan ApplyTime { get; set; }

    /// <summary>For scripted histories: how long a read goes on after it has seen the state.</summary>
    public TimeSpan ReadTime { get; set; }

    /// <summary>For scripted histories: how often the state cannot be serialized. 1: never can it.</summary>
    public double UnsavableStates { get; set; } = cluster.Options.UnsavableStates;

    /// <summary>Where the grain's state was kept before it was replicated; null: it was never anything else.</summary>
    public OldState? OldState => cluster.OldState;

    /// <summary>For scripted histories: how long the import of the first state takes, and whether it fails in the end.</summary>
    public TimeSpan? ImportTime { get; set; }
    public double SlowestImportMilliseconds => cluster.Options.SlowestImportMilliseconds;
    public bool ImportFails { get; set; }

    /// <summary>For scripted histories: an operation fails here, for want of memory, say, and not on other nodes.</summary>
    public bool FailsToApply { get; set; }

    /// <summary>For scripted histories: what operations do to the state here is not what they do elsewhere.</summary>
    public bool GoesAstray { get; set; }

    /// <summary>For scripted histories: the state of this node is always written otherwise than elsewhere.</summary>
    public bool WritesOtherwise { get; set; }

    /// <summary>For scripted histories: a collection of the state holds the same in another order.</summary>
    public bool OrdersOtherwise { get; set; }

    /// <summary>The version of the application that the node is started with next.</summary>
    public string Version { get; set; } = "1";

    /// <summary>For scripted histories: a type was renamed, and entries of before cannot be read.</summary>
    public bool CannotRead { get; set; }

    /// <summary>For scripted histories: deadly operations end the process here. They are harmless on a machine with more memory, say.</summary>
    public bool DiesOfOperations { get; set; } = true;

    /// <summary>For scripted histories: deadly operations outlast their limit here.</summary>
    public bool HangsInOperations { get; set; }

    /// <summary>How often an operation ended the process here.</summary>
    public int Deaths { get; private set; }

    public SimMarks MarksOf(int group) => _marks.TryGetValue(group, out var marks) ? marks : _marks[group] = new SimMarks();

    /// <summary>The process ends; what is called never goes on.</summary>
    public Task DieAsync()
    {
        Deaths++;
        cluster.World.Count("died of an operation");
        cluster.World.Scheduler.World.Post(Crash);
        return new TaskCompletionSource().Task;
    }

    /// <summary>For scripted histories: what another thread of the process does between a slave's decision to compete and its first step.</summary>
    public Action? BeforeClaim { get; set; }
    /// <summary>The durations that this node is started with next: options are changed node by node.</summary>
    public LivenessTimes Times { get; set; } = cluster.Options.Times;

    /// <summary>The longest wait of its lives so far: kept on its disk.</summary>
    public TimeSpan LongestWait { get; private set; }
    public SimSilo? Silo { get; private set; }
    public bool IsRunning => Silo is not null;

    public DiskContents ContentsOf(int group) => _contents.TryGetValue(group, out var contents) ? contents : _contents[group] = new DiskContents();

    /// <summary>For scripted histories: the disk is another one, and empty.</summary>
    public void LoseDisk() => _contents.Clear();

    /// <summary>The disk as it is now, byte for byte, on a machine of its own.</summary>
    public SimNode Copy()
    {
        var copy = new SimNode(cluster, index, random.Fork())
        {
            CopyOf = this, StartCount = StartCount, Place = Place, Memory = Memory, StoreWentBack = StoreWentBack, LongestWait = LongestWait, Times = Times,
        };
        foreach (var (group, contents) in _contents) copy._contents[group] = contents.Copy();
        cluster.World.Count("node copied");
        cluster.World.Note("node copied", index, StartCount);
        return copy;
    }

    /// <param name="previousLifeProvedDead">It starts in the same run of the system, on the same folder.</param>
    public void Start(bool previousLifeProvedDead = true)
    {
        if (Silo is not null) return;
        StartCount++;
        SimMarks.ProcessBegins(_marks.Values);
        if (Place.Length == 0 || !previousLifeProvedDead || (CopyOf is { } original && Place == original.Place)) Place = cluster.NewPlace();
        var times = Times with { EarlierPromotionWait = LongestWait };
        if (times.PromotionWait > LongestWait) LongestWait = times.PromotionWait;
        cluster.World.Note("start", index, StartCount);
        Silo = new SimSilo(cluster, this, times);
        Silo.Start();
    }

    /// <summary>The silo stops in order, and its process ends.</summary>
    /// <param name="backAfter">It starts again so long after its end; null: it does not.</param>
    public void Stop(TimeSpan? backAfter = null) => Silo?.Lane.Post(() => _ = StopAsync(Silo, backAfter));

    public void CameUp() => LastUp = StartCount;

    /// <summary>The process found that it is not the node, and ended.</summary>
    public void Ended(SimSilo silo)
    {
        if (Silo == silo) Crash();
    }

    private async Task StopAsync(SimSilo silo, TimeSpan? backAfter)
    {
        cluster.World.Count("orderly stop");
        cluster.World.Note("orderly stop", index, StartCount);
        await silo.LeaveAsync();
        if (Silo != silo) return;
        Crash();
        if (backAfter is { } span) cluster.World.After(span, () => Start());
    }

    public void Crash()
    {
        if (Silo is null) return;
        cluster.World.Count("crash");
        cluster.World.Note("crash", index, StartCount);
        Silo.Crash();
        Silo = null;
    }
}
