using System.Diagnostics.Metrics;

namespace Orleans.MasterSlave.Diagnostics;

/// <summary>Counters of one silo, in the meter <c>Orleans.MasterSlave</c>.</summary>
internal sealed class MasterSlaveMetrics
{
    public const string MeterName = "Orleans.MasterSlave";
    public const string HeartbeatGapName = "masterslave.heartbeat-gap";

    private int _underReplicated;

    public MasterSlaveMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        Promotions = meter.CreateCounter<long>("masterslave.promotions", "{group}", "Masterships that began to serve on this silo.");
        StepDowns = meter.CreateCounter<long>("masterslave.step-downs", "{group}", "Masterships that ended on this silo.");
        Shrinks = meter.CreateCounter<long>("masterslave.shrinks", "{replica}", "Slaves taken out of the in-sync set.");
        Grows = meter.CreateCounter<long>("masterslave.grows", "{replica}", "Slaves taken into the in-sync set.");
        Orphans = meter.CreateCounter<long>("masterslave.orphaned-operations", "{operation}", "Operations cut from this silo's logs and saved as orphans.");
        TokensLost = meter.CreateCounter<long>("masterslave.tokens-lost", "{read}", "Reads whose client had seen what a data loss took away.");
        TimesSetBack = meter.CreateCounter<long>("masterslave.times-set-back", "{group}", "Groups whose time was far ahead of the clocks, and was set back by a new master.");
        HeartbeatGap = meter.CreateHistogram<double>(HeartbeatGapName, "s", "Time from one heartbeat heard of a master's silo to the next.");
        HeartbeatRoundTrip = meter.CreateHistogram<double>("masterslave.heartbeat-round-trip", "s", "Time from sending a heartbeat to its reply.");
        Quarantines = meter.CreateCounter<long>("masterslave.quarantines", "{replica}", "Replicas that stopped serving for good.");
        Stops = meter.CreateCounter<long>("masterslave.stops", "{group}", "Times that a master stopped at an entry that it dares not apply, or cannot read.");
        BlockedReplicas = meter.CreateCounter<long>("masterslave.blocked-replicas", "{replica}", "Replicas whose thread was blocked by user code for longer than its limit.");
        SnapshotFailures = meter.CreateCounter<long>("masterslave.snapshot-failures", "{snapshot}", "Snapshots that were due and could not be taken, because the state could not be serialized.");
        StateDifferences = meter.CreateCounter<long>("masterslave.state-differences", "{replica}", "Slaves whose state was not their master's at the same position.");
        StoreHangs = meter.CreateCounter<long>("masterslave.store-hangs", "{report}", "Reports of a group store that does not answer, at most one a minute.");
        UnexpectedErrors = meter.CreateCounter<long>("masterslave.unexpected-errors", "{error}", "Errors that a loop of the silo, or a task nobody waits for, did not expect.");
        NodeRenewalFailures = meter.CreateCounter<long>("masterslave.node-renewal-failures", "{call}", "Renewals of the node's row that failed, and are tried again.");
        NodeLeaseLapses = meter.CreateCounter<long>("masterslave.node-lease-lapses", "{lapse}", "Times that the node lease ran out.");
        NodesDisplaced = meter.CreateCounter<long>("masterslave.nodes-displaced", "{silo}", "Silos that found another process to be their node, and stopped serving for good.");
        meter.CreateObservableGauge("masterslave.under-replicated-groups", () => Volatile.Read(ref _underReplicated), "{group}", "Groups mastered on this silo that have had fewer replicas in sync than asked for, for longer than 5 s.");
        StoreWentBack = meter.CreateCounter<long>("masterslave.store-went-back", "{find}", "Times that the group store was found older than what this node wrote.");
    }

    /// <summary>One group more, or less, has too few replicas in sync.</summary>
    public void CountUnderReplicated(int change) => Interlocked.Add(ref _underReplicated, change);

    public Counter<long> NodeRenewalFailures { get; }
    public Counter<long> NodeLeaseLapses { get; }
    public Counter<long> NodesDisplaced { get; }
    public Counter<long> StoreWentBack { get; }
    public Counter<long> Promotions { get; }
    public Counter<long> StepDowns { get; }
    public Counter<long> Shrinks { get; }
    public Counter<long> Grows { get; }
    public Counter<long> Orphans { get; }
    public Counter<long> TokensLost { get; }
    public Counter<long> TimesSetBack { get; }
    public Counter<long> Quarantines { get; }
    public Counter<long> Stops { get; }
    public Counter<long> BlockedReplicas { get; }
    public Counter<long> SnapshotFailures { get; }
    public Counter<long> StateDifferences { get; }
    public Counter<long> StoreHangs { get; }
    public Counter<long> UnexpectedErrors { get; }
    public Histogram<double> HeartbeatGap { get; }
    public Histogram<double> HeartbeatRoundTrip { get; }
}
