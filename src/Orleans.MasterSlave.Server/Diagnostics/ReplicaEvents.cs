using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Replication.Master;

namespace Orleans.MasterSlave.Diagnostics;

/// <summary>Tells the log and the meters what happens to one replica.</summary>
internal sealed partial class ReplicaEvents(GroupId group, MasterSlaveMetrics metrics, ReplayedVersions versions, ILogger logger) : IReplicaEvents
{
    private bool _missing; // counted among the groups with too few in sync

    public void BecameMaster(GroupRecord record)
    {
        metrics.Promotions.Add(1);
        LogBecameMaster(group, record.Epoch, record.InSync.Length, record.Replicas.Length);
    }

    public void SteppedDown(Epoch epoch, string reason)
    {
        metrics.StepDowns.Add(1);
        LogSteppedDown(group, epoch, reason);
    }

    public void Resigned(Epoch epoch, string reason)
    {
        metrics.StepDowns.Add(1);
        LogResigned(group, epoch, reason);
    }

    public void TokenLost(bool refused)
    {
        metrics.TokensLost.Add(1);
        LogTokenLost(group, refused ? "refused" : "dropped");
    }

    public void Shrunk(NodeId slave, GroupRecord record)
    {
        metrics.Shrinks.Add(1);
        LogShrunk(group, slave, record.InSync.Length, record.Replicas.Length);
    }

    public void Grown(NodeId slave, GroupRecord record)
    {
        metrics.Grows.Add(1);
        LogGrown(group, slave, record.InSync.Length, record.Replicas.Length);
    }

    public void Entered(NodeId node, GroupRecord record) => LogEntered(group, node, record.Replicas.Length);

    public void ReplicasMissing(GroupRecord record, int wanted, IReadOnlyList<Absence> missing)
    {
        SetMissing(true);
        LogMissing(group, record.InSync.Length, wanted, string.Join("; ", missing));
    }

    public void AllInSync(GroupRecord record)
    {
        SetMissing(false);
        LogAllInSync(group, record.InSync.Length);
    }

    public void NotWatchedAnyMore() => SetMissing(false);

    public void Orphaned(int count, LogPosition after)
    {
        metrics.Orphans.Add(count);
        LogOrphaned(group, count, after);
    }

    public void SnapshotInstalled(LogPosition position) => LogSnapshotInstalled(group, position);

    public void Quarantined(string reason, Exception? error)
    {
        metrics.Quarantines.Add(1);
        LogQuarantined(error, group, reason);
    }

    public void SnapshotFailed(Exception error)
    {
        metrics.SnapshotFailures.Add(1);
        LogSnapshotFailed(error, group);
    }

    public void FirstStateFailed(Exception error) => LogFirstStateFailed(error, group);

    public void FirstStateImported(LogPosition position, int bytes) => LogFirstStateImported(group, position, bytes);

    public void AppliesForVersion(CodeVersion version) => versions.Applies(group, version.Application);

    public void StateDiffers(LogPosition at, LogPosition lastEqual, string operations, bool rebuilds)
    {
        metrics.StateDifferences.Add(1);
        LogStateDiffers(group, at, lastEqual, operations, rebuilds ? "It is rebuilt from the master's snapshot" : "It was rebuilt before, so it is left as it is, and compared no more");
    }

    public void StateOrderDiffers(LogPosition at, string operations) => LogStateOrderDiffers(group, at, operations);

    public void StateRebuilt(LogPosition at) => LogStateRebuilt(group, at);

    public void StoppedAt(EntryStop stop)
    {
        metrics.Stops.Add(1);
        LogStoppedAt(group, stop.Entry.Position, stop.Reason);
    }

    public void Skipped(LogPosition entry) => LogSkipped(group, entry);

    public void Blocked(string reason)
    {
        metrics.BlockedReplicas.Add(1);
        LogBlocked(group, reason);
    }

    public void Unexpected(string what, Exception error)
    {
        metrics.UnexpectedErrors.Add(1);
        LogUnexpected(error, group, what);
    }

    public void StoreUnreachable(Exception error) => LogStoreUnreachable(error, group);

    public void DataLossPossible(GroupRecord record, LogPosition last, LogIndex heardOf) =>
        LogDataLossPossible(group, record.Epoch, last, heardOf, record.DataLossCount);

    public void GroupTimeSetBack(TimeSpan by)
    {
        metrics.TimesSetBack.Add(1);
        LogGroupTimeSetBack(group, by);
    }

    public void FoundingRefused(IReadOnlyList<string> holders) => LogFoundingRefused(group, string.Join(", ", holders));

    public void FoundedUnasked(IReadOnlyList<string> silent) => LogFoundedUnasked(group, string.Join(", ", silent));

    private void SetMissing(bool missing)
    {
        if (_missing == missing) return;
        _missing = missing;
        metrics.CountUnderReplicated(missing ? 1 : -1);
    }

    [LoggerMessage(LogLevel.Warning, "Group {Group}: only {InSync} of the {Wanted} replicas that its grain asks for are in sync. Missing: {Missing}.")]
    private partial void LogMissing(GroupId group, int inSync, int wanted, string missing);

    [LoggerMessage(LogLevel.Information, "Group {Group}: {InSync} replicas are in sync, as many as its grain asks for.")]
    private partial void LogAllInSync(GroupId group, int inSync);

    [LoggerMessage(LogLevel.Critical, "Group {Group}: it has no record in the group store, but {Holders} holds data of it: no empty group is made over it. Bring the newest store back.")]
    private partial void LogFoundingRefused(GroupId group, string holders);

    [LoggerMessage(LogLevel.Warning, "Group {Group}: it is made new, though {Silent} did not say in time whether there is data of it.")]
    private partial void LogFoundedUnasked(GroupId group, string silent);

    [LoggerMessage(LogLevel.Warning, "Group {Group}: its time was {By} ahead of the clocks, and is set back: UtcNow goes back in this group. A former master's clock was wrong.")]
    private partial void LogGroupTimeSetBack(GroupId group, TimeSpan by);

    [LoggerMessage(LogLevel.Information, "Group {Group}: master here from {Epoch} on; {InSync} of {Replicas} replicas in sync.")]
    private partial void LogBecameMaster(GroupId group, Epoch epoch, int inSync, int replicas);

    [LoggerMessage(LogLevel.Warning, "Group {Group}: the mastership of {Epoch} ended here: {Reason}.")]
    private partial void LogSteppedDown(GroupId group, Epoch epoch, string reason);

    [LoggerMessage(LogLevel.Information, "Group {Group}: the mastership of {Epoch} is given up: {Reason}.")]
    private partial void LogResigned(GroupId group, Epoch epoch, string reason);

    [LoggerMessage(LogLevel.Debug, "Group {Group}: a client has seen what was lost in a data loss; its session token was {Action}.")]
    private partial void LogTokenLost(GroupId group, string action);

    [LoggerMessage(LogLevel.Warning, "Group {Group}: slave {Slave} is out of sync; {InSync} of {Replicas} replicas in sync.")]
    private partial void LogShrunk(GroupId group, NodeId slave, int inSync, int replicas);

    [LoggerMessage(LogLevel.Information, "Group {Group}: slave {Slave} is in sync; {InSync} of {Replicas} replicas in sync.")]
    private partial void LogGrown(GroupId group, NodeId slave, int inSync, int replicas);

    [LoggerMessage(LogLevel.Information, "Group {Group}: it had too few replicas, and gets one on node {Node}; {Replicas} now.")]
    private partial void LogEntered(GroupId group, NodeId node, int replicas);

    [LoggerMessage(LogLevel.Warning, "Group {Group}: {Count} operations after {After} were cut, for the master has not got them; saved as orphaned operations.")]
    private partial void LogOrphaned(GroupId group, int count, LogPosition after);

    [LoggerMessage(LogLevel.Information, "Group {Group}: took over the master's snapshot at {Position}.")]
    private partial void LogSnapshotInstalled(GroupId group, LogPosition position);

    [LoggerMessage(LogLevel.Critical, "Group {Group}: this replica is quarantined and serves no more: {Reason}.")]
    private partial void LogQuarantined(Exception? error, GroupId group, string reason);

    [LoggerMessage(LogLevel.Error, "Group {Group}: its first state could not be imported. Callers get FirstStateImportException; it is tried again for later calls.")]
    private partial void LogFirstStateFailed(Exception error, GroupId group);

    [LoggerMessage(LogLevel.Information, "Group {Group}: its first state is entry {Position}, with {Bytes} bytes.")]
    private partial void LogFirstStateImported(GroupId group, LogPosition position, int bytes);

    [LoggerMessage(LogLevel.Critical, "Group {Group}: stopped at entry {Entry}: {Reason} Operations are refused. Deploy code that can execute it, or have it skipped.")]
    private partial void LogStoppedAt(GroupId group, LogPosition entry, string reason);

    [LoggerMessage(LogLevel.Warning, "Group {Group}: entry {Entry} is skipped for ever, as an operator wants.")]
    private partial void LogSkipped(GroupId group, LogPosition entry);

    [LoggerMessage(LogLevel.Critical, "Group {Group}: {Reason}. This replica gives up its office; an operation must not wait for anything (no lock, no .Result, no I/O).")]
    private partial void LogBlocked(GroupId group, string reason);

    [LoggerMessage(LogLevel.Error, "Group {Group}: its state could not be serialized, so no snapshot was taken. The group serves on, its log grows, and it is tried again later. Has each member of the state, and all that is in it, a codec ([GenerateSerializer])?")]
    private partial void LogSnapshotFailed(Exception error, GroupId group);

    [LoggerMessage(LogLevel.Error, "Group {Group}: after {At} the state of this slave is not the master's, though their logs are the same; they were last compared and equal after {LastEqual}. {What}. An operation depends on something that differs from replica to replica: docs/writing-grains.md, What differs. The last operations: {Operations}")]
    private partial void LogStateDiffers(GroupId group, LogPosition at, LogPosition lastEqual, string operations, string what);

    [LoggerMessage(LogLevel.Warning,
        "Group {Group}: after {At} a collection in the state of this slave holds its elements in another order than the master's; the values are the same. " +
        "No operation may depend on that order: docs/writing-grains.md, What differs. The last operations: {Operations}")]
    private partial void LogStateOrderDiffers(GroupId group, LogPosition at, string operations);

    [LoggerMessage(LogLevel.Warning, "Group {Group}: the state of this slave was replaced by its master's of {At}.")]
    private partial void LogStateRebuilt(GroupId group, LogPosition at);

    [LoggerMessage(LogLevel.Error, "Group {Group}: {What} failed, and should not.")]
    private partial void LogUnexpected(Exception error, GroupId group, string what);

    [LoggerMessage(LogLevel.Warning, "Group {Group}: the group store or another replica did not answer; asked again soon.")]
    private partial void LogStoreUnreachable(Exception error, GroupId group);

    [LoggerMessage(LogLevel.Warning, "Group {Group}: master in {Epoch} with the last entry {Last}, and heard of {HeardOf}; what the old master acknowledged after it may be lost (data loss {DataLossCount}).")]
    private partial void LogDataLossPossible(GroupId group, Epoch epoch, LogPosition last, LogIndex heardOf, long dataLossCount);
}
