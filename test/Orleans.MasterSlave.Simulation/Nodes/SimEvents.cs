using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Replication.Master;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Nodes;

/// <summary>Counts what happens to a replica, so that a run can show that its misfortunes took place.</summary>
internal sealed class SimEvents(SimWorld world, SimSilo silo, GroupId group) : IReplicaEvents
{
    public void BecameMaster(GroupRecord record)
    {
        Note("became master", record.Epoch.Value, record);
        if (record.Epoch.Value > 1) world.Count(silo.LastMasterOf(group) == silo.Index ? "retake" : "failover");
    }

    public void SteppedDown(Epoch epoch, string reason) => Note("stepped down", epoch.Value, reason);
    public void Resigned(Epoch epoch, string reason) => Note("resigned", epoch.Value, reason);
    public void TokenLost(bool refused) => Note("token lost", 0, refused ? "refused" : "dropped");
    public void GroupTimeSetBack(TimeSpan by) => Note("group time set back", by.Ticks, by);
    public void Shrunk(NodeId slave, GroupRecord record) => Note("shrunk", record.Version, record);
    public void Grown(NodeId slave, GroupRecord record) => Note("grown", record.Version, record);
    public void Entered(NodeId node, GroupRecord record) => Note("entered", record.Version, record);
    public void ReplicasMissing(GroupRecord record, int wanted, IReadOnlyList<Absence> missing) => Note("replicas missing", missing.Count, string.Join("; ", missing));
    public void AllInSync(GroupRecord record) => Note("all in sync", record.Version, record);
    public void NotWatchedAnyMore() => Note("not watched any more", 0, null);
    public void Orphaned(int count, LogPosition after) => Note("orphaned", count, after);
    public void SnapshotInstalled(LogPosition position) => Note("snapshot installed", position.Index.Value, position);
    public void Unexpected(string what, Exception error) => world.Scheduler.Fail(new SimulationException($"At {world.Now.TotalSeconds:F4} s: {group} on node {silo.Index}: {what} failed: {error}"));
    public void SnapshotFailed(Exception error) => Note("snapshot failed", 0, error.Message);
    public void FirstStateFailed(Exception error) => Note("first state failed", 0, error.Message);
    public void FirstStateImported(LogPosition position, int bytes) => Note("first state imported", position.Index.Value, bytes);
    public void AppliesForVersion(CodeVersion version) => Note("applies for another version", 0, version);
    public void StateRebuilt(LogPosition at) => Note("state rebuilt", at.Index.Value, at);

    public void StateOrderDiffers(LogPosition at, string operations) => Note("order differs", at.Index.Value, operations);

    public void StateDiffers(LogPosition at, LogPosition lastEqual, string operations, bool rebuilds)
    {
        Note("state differs", at.Index.Value, operations);
        if (!silo.MayDiffer) world.Scheduler.Fail(new SimulationException($"{group} on node {silo.Index}: its state differs at {at}, last equal at {lastEqual}: {operations}"));
    }

    public void StoppedAt(EntryStop stop) => Note("stopped at an entry", stop.Entry.Index.Value, stop.Reason);
    public void Skipped(LogPosition entry) => Note("skip appended", entry.Index.Value, entry);
    public void Blocked(string reason) => Note("blocked", 0, reason);
    public void StoreUnreachable(Exception error) => Note("store unreachable", 0, error.Message);
    public void FoundingRefused(IReadOnlyList<string> holders) => Note("founding refused", holders.Count, string.Join(' ', holders));
    public void FoundedUnasked(IReadOnlyList<string> silent) => Note("founded unasked", silent.Count, string.Join(' ', silent));
    public void DataLossPossible(GroupRecord record, LogPosition last, LogIndex heardOf) => Note("data loss possible", record.DataLossCount, $"{last} of {heardOf}");

    public void Quarantined(string reason, Exception? error)
    {
        Note("quarantined", 0, $"{reason}: {error}");
        if (!silo.HasFailedDisk && !silo.MayQuarantine)
            world.Scheduler.Fail(new SimulationException($"At {world.Now.TotalSeconds:F4} s: {group} on node {silo.Index} was quarantined: {reason} {error}"));
    }

    private void Note(string what, long number, object? detail)
    {
        world.Count(what);
        world.Note(what, silo.Index, SimIds.IndexOf(silo.Liveness.Self.Node), number, $"{group} {detail}");
    }
}
