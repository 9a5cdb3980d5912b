using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Simulated.Disk;

/// <summary>What lasts of one replica's log: the platter. Changed only by what has become durable.</summary>
internal sealed class DiskContents
{
    private Epoch? _tornThrough;

    public List<LogEntry> Entries { get; private set; } = [];
    public LogPosition Base { get; private set; }
    public LogSnapshot? Snapshot { get; private set; }
    public Epoch Promised { get; private set; }
    public GroupBirth Birth { get; private set; }
    public List<LogEntry> Orphans { get; } = [];

    /// <summary>A crash tore the last batch, and neither an entry of a newer epoch nor a snapshot has made the log whole since (D4).</summary>
    public bool IsTorn => _tornThrough is not null;

    public LogPosition Last => Entries.Count > 0 ? Entries[^1].Position : Base;

    public DiskContents Copy() =>
        new() { _tornThrough = _tornThrough, Entries = [.. Entries], Base = Base, Snapshot = Snapshot, Promised = Promised, Birth = Birth };

    public void Append(IEnumerable<LogEntry> entries)
    {
        foreach (var entry in entries)
        {
            SimDisk.Contract(entry.Index == Last.Index.Next(), $"entry {entry.Position} follows {Last}");
            Entries.Add(entry);
            if (entry.Epoch > _tornThrough) _tornThrough = null;
        }
    }

    public void Tear() => _tornThrough = Promised > Last.Epoch ? Promised : Last.Epoch;

    public void CutFrom(LogIndex from) => Entries.RemoveAll(e => e.Index >= from);

    public void Promise(Epoch epoch, GroupBirth birth)
    {
        Promised = epoch > Promised ? epoch : Promised;
        if (Birth.IsNone) Birth = birth;
    }

    public void Save(LogSnapshot snapshot, LogIndex keepFrom)
    {
        Snapshot = snapshot;
        DropThrough(LogIndex.Min(snapshot.Position.Index, keepFrom));
    }

    public void Install(LogSnapshot snapshot)
    {
        Entries = [];
        Snapshot = snapshot;
        Base = snapshot.Position;
        _tornThrough = null;
    }

    private void DropThrough(LogIndex index)
    {
        var dropped = Entries.FindLastIndex(e => e.Index <= index);
        if (dropped < 0) return;
        Base = Entries[dropped].Position;
        Entries.RemoveRange(0, dropped + 1);
    }
}
