using Orleans.Hosting;
using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Simulated.Disk;
using Orleans.MasterSlave.Simulated.Network;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Runs;

/// <summary>How one group of a run is made.</summary>
internal sealed record GroupShape(int Replicas, ReplicationMode Mode, int MinInSync);

/// <summary>What a run is made of. <see cref="Drawn"/> draws it from the seed.</summary>
internal sealed record SimulationOptions
{
    public int Nodes { get; init; } = 3;

    public IReadOnlyList<GroupShape> Groups { get; init; } =
    [
        new(2, ReplicationMode.Synchronous, 1),
        new(3, ReplicationMode.Synchronous, 2),
        new(2, ReplicationMode.Asynchronous, 1),
        new(3, ReplicationMode.Synchronous, 1),
        new(3, ReplicationMode.Asynchronous, 1),
    ];

    public int ClientsPerGroup { get; init; } = 2;
    public int WorkersPerClient { get; init; } = 2;
    public TimeSpan Chaos { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Within this time of the healing of everything, every group is at rest.</summary>
    public TimeSpan SettleWithin { get; init; } = TimeSpan.FromSeconds(60);
    public double MeanSecondsBetweenFaults { get; init; } = 1;
    public double ThinkMilliseconds { get; init; } = 80;
    public double SlowestApplyMilliseconds { get; init; } = 1;
    public double SlowestFlushMilliseconds { get; init; } = 2;
    public double UnknownOutcomes { get; init; }

    /// <summary>How often a group is made with fewer replicas than it wants: the others enter when it is made.</summary>
    public double ShortFoundings { get; init; }

    /// <summary>How often a state cannot be serialized when a snapshot of it is due.</summary>
    public double UnsavableStates { get; init; }

    /// <summary>Groups have a first state that is kept elsewhere (G12).</summary>
    public bool ImportsFirstState { get; init; }

    /// <summary>The longest that the import of one takes.</summary>
    public double SlowestImportMilliseconds { get; init; }
    public double StoreSlowness { get; init; }
    public DiskLie Lie { get; init; }
    public TimeSpan StoreTimeout { get; init; } = TimeSpan.FromSeconds(5);
    public TimeSpan NodeLease { get; init; } = TimeSpan.FromSeconds(10);
    public StoreOutageBehavior StoreOutage { get; init; }
    public NetworkWeather Weather { get; init; } = new();
    public TimeSpan ApplyTimeout { get; init; } = TimeSpan.FromSeconds(10);
    public TimeSpan LogStallTimeout { get; init; } = TimeSpan.FromSeconds(5);
    public LivenessTimes Times { get; init; } = new();
    public ReplicaLimits Limits { get; init; } = new();

    /// <summary>Options may differ from silo to silo.</summary>
    public Func<int, ReplicaLimits, ReplicaLimits> LimitsOf { get; init; } = (_, limits) => limits;
    public bool KeepTrace { get; init; }

    /// <summary>Wall clocks that are hours off.</summary>
    public bool WrongClocks { get; init; }

    /// <summary>How often a client dies after a call, with whatever it has under way, and another one starts in its place.</summary>
    public double ClientsDie { get; init; }

    /// <summary>Pairs and threes as they are made mostly, and now and then a single replica or five.</summary>
    private static IEnumerable<GroupShape> DrawnGroups(SimRandom random, int nodes)
    {
        yield return new(2, ReplicationMode.Synchronous, 1);
        yield return new(3, ReplicationMode.Synchronous, 2);
        yield return new(2, ReplicationMode.Asynchronous, 1);
        yield return new(3, ReplicationMode.Synchronous, 1);
        var replicas = random.Pick([1, 3, nodes]);
        yield return new(replicas, random.Pick([ReplicationMode.Asynchronous, ReplicationMode.Synchronous]), 1 + random.Below(Math.Min(replicas, 3)));
    }

    public static SimulationOptions Drawn(ulong seed, bool keepTrace = false)
    {
        var random = new SimRandom(seed ^ 0x5151515151515151);
        var wild = random.Chance(0.5);
        var nodes = 3 + random.Below(3);
        return new SimulationOptions
        {
            Nodes = nodes,
            Groups = [.. DrawnGroups(random, nodes)],
            WrongClocks = random.Chance(0.2),
            ClientsDie = random.Pick([0.0, 0.0, 0.01, 0.05]),
            KeepTrace = keepTrace,
            ClientsPerGroup = 1 + random.Below(2),
            WorkersPerClient = 1 + random.Below(3),
            MeanSecondsBetweenFaults = random.Between(0.2, 2),
            ThinkMilliseconds = random.Between(30, 200),
            SlowestApplyMilliseconds = random.Pick([0.0, 1, 20]),
            SlowestFlushMilliseconds = random.Pick([0.5, 2, 50]),
            UnknownOutcomes = random.Pick([0.0, 0.05, 0.3]),
            StoreSlowness = random.Pick([0.0, 0.2]),
            NodeLease = TimeSpan.FromSeconds(random.Pick([2.0, 3.0])), // as long as some outages of the store
            StoreOutage = random.Pick([StoreOutageBehavior.StopServingAlone, StoreOutageBehavior.GoOn]),
            Weather = new NetworkWeather
            {
                Loss = wild ? random.Between(0, 0.05) : 0,
                Duplication = random.Pick([0.0, 0.02, 0.2]),
                Reordering = wild ? random.Between(0, 0.2) : 0,
                Lateness = random.Pick([0.0, 0.01, 0.1]),
                LatestMilliseconds = random.Pick([50.0, 800, 4_000]),
            },
            Limits = new ReplicaLimits
            {
                MaxOperationsInFlight = random.Pick([4, 100]),
                MaxBatchEntries = random.Pick([1, 4, 64]),
                MaxBatchesInFlight = random.Pick([1, 4]),
                MaxSlaveLagEntries = random.Pick([4L, 20, 1_000]),
                SnapshotChunkBytes = random.Pick([256, 4_096]),
                LinkTimeout = TimeSpan.FromMilliseconds(random.Pick([300, 1_000])),
                MaxStaleness = TimeSpan.FromSeconds(random.Pick([2, 30])), // a long one leaves the lease alone to stop an ex-master
                Digests = new DigestTrigger(20),
                Snapshots = new SnapshotTrigger(random.Pick([10L, 50, 1_000]), 1 << 20),
                Sessions = random.Chance(0.3)
                    ? new SessionLimits(random.Pick([3, 100]), 4_096, TimeSpan.FromSeconds(random.Pick([1, 3, 10]))) { LeastRetention = TimeSpan.FromSeconds(1) }
                    : new ReplicaLimits().Sessions,
            },
            ShortFoundings = 0.3,
            UnsavableStates = random.Pick([0.0, 0.0, 0.5]),
            ImportsFirstState = random.Chance(0.3),
            SlowestImportMilliseconds = random.Pick([0.0, 5, 2_000]),
        };
    }
}
