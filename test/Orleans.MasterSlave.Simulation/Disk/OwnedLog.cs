using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Simulated.Disk;

/// <summary>A log in the hands of one activation: when it has let go, nothing of it writes any more, whoever has the log by then.</summary>
internal sealed class OwnedLog(SimDisk disk) : IReplicaLog
{
    private bool _closed;

    public LogPosition Last => disk.Last;
    public LogPosition Base => disk.Base;
    public LogIndex DurableIndex => disk.DurableIndex;
    public Epoch PromisedEpoch => disk.PromisedEpoch;
    public GroupBirth Birth => disk.Birth;
    public long DataLossCount => disk.DataLossCount;
    public DateTime LastTimeUtc => disk.LastTimeUtc;
    public bool HadTornTail => disk.HadTornTail;
    public LogSnapshot? Snapshot => disk.Snapshot;

    public void Close() => _closed = true;

    public Epoch? EpochAt(LogIndex index) => disk.EpochAt(index);
    public LogIndex? SkipOf(LogIndex entry) => disk.SkipOf(entry);
    public LogIndex? SkippedAcross(LogIndex index) => disk.SkippedAcross(index);
    public IReadOnlyList<LogEntry> Read(LogIndex from, int maxCount, int maxBytes) => disk.Read(from, maxCount, maxBytes);
    public Task AppendAsync(IReadOnlyList<LogEntry> entries) => Held.AppendAsync(entries);
    public Task CutFromAsync(LogIndex from) => Held.CutFromAsync(from);
    public Task PromiseAsync(Epoch epoch, GroupBirth birth) => Held.PromiseAsync(epoch, birth);
    public Task SaveSnapshotAsync(LogSnapshot snapshot, LogIndex keepFrom) => Held.SaveSnapshotAsync(snapshot, keepFrom);
    public Task InstallSnapshotAsync(LogSnapshot snapshot) => Held.InstallSnapshotAsync(snapshot);
    public Task SaveOrphansAsync(IReadOnlyList<LogEntry> entries, LogPosition cutAfter) => Held.SaveOrphansAsync(entries, cutAfter);

    private SimDisk Held
    {
        get
        {
            SimDisk.Contract(!_closed, "an activation that has let go of its log writes nothing more");
            return disk;
        }
    }
}
