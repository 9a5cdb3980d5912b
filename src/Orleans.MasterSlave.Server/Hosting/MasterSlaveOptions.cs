namespace Orleans.Hosting;

/// <summary>Options of replicated grains on a silo. Durations of liveness are checked together at start.</summary>
public sealed class MasterSlaveOptions
{
    /// <summary>
    /// Folder of this silo's log, snapshots and identity. Required; best a full path, on a local disk; one folder for each silo, kept between restarts.
    /// Created when it does not exist.
    /// </summary>
    public string LogDirectory { get; set; } = "";

    /// <summary>How often a silo that masters groups is heard by the silos of their slaves. 10 ms to 10 s; default 200 ms.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>For how long a slave's silo promises not to compete, from each heartbeat on. At least three heartbeat intervals; default 1 s.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a slave waits for a silent master before it competes. At least <see cref="LeaseDuration"/> · 1.02 / 0.98 plus half a heartbeat
    /// interval; default 1.25 s.
    /// </summary>
    public TimeSpan PromotionWait { get; set; } = TimeSpan.FromMilliseconds(1250);

    /// <summary>How old the state may be that a replica answers reads with. At least five heartbeat intervals; default 2 s.</summary>
    public TimeSpan MaxStaleness { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Operations that one group may have in flight; beyond it, callers are told to come back. 1 to 1,000,000; default 10,000.</summary>
    public int MaxOperationsInFlight { get; set; } = 10_000;

    /// <summary>Bytes of operations that one group may have in flight. Default 64 MiB.</summary>
    public long MaxBytesInFlight { get; set; } = 64 << 20;

    /// <summary>The largest serialized operation. 1 KiB to an eighth of <see cref="LogSegmentBytes"/>; default 4 MiB.</summary>
    public int MaxOperationBytes { get; set; } = 4 << 20;

    /// <summary>How far, in entries, a slave may lag before it leaves the in-sync set, and its entries the log. Default 100,000.</summary>
    public long MaxSlaveLagEntries { get; set; } = 100_000;

    /// <summary>
    /// How far, in bytes of operations, a slave may lag before it leaves the in-sync set, and its entries the log. At least
    /// <see cref="MaxBytesInFlight"/>; default 256 MiB.
    /// </summary>
    public long MaxSlaveLagBytes { get; set; } = 256L << 20;

    /// <summary>A replica's snapshot is taken after so many operations, or <see cref="SnapshotEveryBytes"/>, whichever is first. Default 10,000.</summary>
    public long SnapshotEveryOperations { get; set; } = 10_000;

    /// <summary>A replica's snapshot is taken after so many bytes of operations. Default 4 MiB.</summary>
    public long SnapshotEveryBytes { get; set; } = 4 << 20;

    /// <summary>
    /// How long the answers of a client that has gone silent are kept, in time that the group was in service. Each master lays down its silo's value for
    /// all replicas. At least 10 minutes, default 1 hour.
    /// </summary>
    public TimeSpan SessionRetention { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Clients that one group remembers at once. Default 10,000.</summary>
    public int MaxSessions { get; set; } = 10_000;

    /// <summary>
    /// How long one batch of operations may take to apply, from when its turn begins, before the replica is taken for broken and gives up its
    /// mastership. Default 10 s.
    /// </summary>
    public TimeSpan ApplyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a <c>[ReadOnly]</c> call, a timer's callback, a handler of a role change or an action after commit may keep operations waiting. One
    /// that takes longer is reported as an error (a call ends with <see cref="TimeoutException"/>), and what it does afterwards is no longer kept apart
    /// from operations. Default 10 s.
    /// </summary>
    public TimeSpan TurnTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// For how long the log may hang in one write or sync before this silo is no longer taken for alive, and slaves elsewhere take over its
    /// masterships. Longer than any pause that the disk makes at times; at least 100 ms, default 5 s.
    /// </summary>
    public TimeSpan LogStallTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long one call to the group store may take. After that its outcome counts as unknown, and is found out by further calls; the
    /// group is served as it is meanwhile. Longer than the store takes under load; 100 ms to 1 minute, default 5 s.
    /// </summary>
    public TimeSpan GroupStoreTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// For how long this silo is its node on the strength of one renewal of the node's row in the group store, which it renews three
    /// times in that span. Without it, it makes no groups and serves none of which it holds the only replica in sync. After a start that
    /// cannot prove that the node's earlier process is dead (the machine was restarted, or the folder moved), the silo waits for so long
    /// and a little. 2 s to 2 minutes; default 10 s.
    /// </summary>
    public TimeSpan NodeLeaseDuration { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// What becomes of groups of which this silo holds the only replica in sync, when the group store does not answer for longer than
    /// <see cref="NodeLeaseDuration"/>. Default: they are not served until it does.
    /// </summary>
    public StoreOutageBehavior StoreOutage { get; set; } = StoreOutageBehavior.StopServingAlone;

    /// <summary>
    /// Length of one file of the log, taken from the disk when it is made; there is always one spare. A change holds for new files. 1 MiB to 512 MiB;
    /// default 64 MiB.
    /// </summary>
    public int LogSegmentBytes { get; set; } = 64 << 20;

    /// <summary>
    /// Bytes of the newest operations, of all groups together, that the log keeps in memory; older ones are read from its files. 0 or more; default
    /// 64 MiB.
    /// </summary>
    public long LogMemoryBytes { get; set; } = 64 << 20;

    /// <summary>
    /// How fast old files of the log of which little is needed are read to be rewritten, in bytes per second. At least 1 MiB; default 32 MiB.
    /// </summary>
    public long LogRewriteBytesPerSecond { get; set; } = 32 << 20;

    /// <summary>
    /// The version of the application: stands in the log with what its masters accept, so that a later one can tell that it replays operations of another. At most
    /// 200 characters; null, the default: the informational version of the entry assembly.
    /// </summary>
    public string? ApplicationVersion { get; set; }

    /// <summary>
    /// How long a silo that stops may take for snapshots of the groups that have operations since their last one, the quietest first. Without one, the next start
    /// replays those operations, with the code that runs then. Zero: none are taken. 0 to 10 minutes; default 5 s.
    /// </summary>
    public TimeSpan StopSnapshotLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// After how many operations of a group its replicas compare digests of their states. Each serializes its state for that; however large the state is, digests take
    /// at most a hundredth of the time. A slave whose state differs is reported and rebuilt from its master's. Zero: never. 0, or at least 10; default 1,000.
    /// </summary>
    public long DigestEveryOperations { get; set; } = 1_000;

    /// <summary>Where this silo stands: replicas of a group go to different zones as long as there are any. Default: none.</summary>
    public string Zone { get; set; } = "";
}
