using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Liveness;

/// <summary>
/// Whom this process follows for one group, and what it has promised there (L4). It belongs to the life of the process and not to a replica, which may end
/// and start anew while the master goes on holding a lease under what the earlier one confirmed.
/// </summary>
internal sealed record FollowedMaster
{
    public NodeId Master { get; init; }
    public Epoch Epoch { get; init; }

    /// <summary>The start count under which that master confirmed this group here; 0: none yet.</summary>
    public long ConfirmedLife { get; init; }

    /// <summary>Patience runs from here, or from when that life was last heard: the latest of own start, learning the epoch, learning to be in sync.</summary>
    public required TimeSpan Since { get; init; }
    public bool InSync { get; init; }
}

/// <summary>
/// All that this process follows, by group. Guarded by the lock of the owning <see cref="NodeLiveness"/>. An entry outlives its replica, and goes when it
/// binds nobody any more.
/// </summary>
internal sealed class FollowedMasters
{
    private readonly Dictionary<GroupId, Entry> _entries = [];

    private readonly Dictionary<NodeId, List<GroupId>> _startedAnew = [];

    public int Count => _entries.Count;

    /// <summary>A replica of the group starts: what an earlier one promised binds it too.</summary>
    public void Attend(GroupId group, IReplicaListener replica, TimeSpan now) => EntryOf(group, now).Replica = replica;

    /// <summary>For a group that is not known, patience begins now.</summary>
    public FollowedMaster Of(GroupId group, TimeSpan now) => EntryOf(group, now).Followed;

    public void Change(GroupId group, FollowedMaster followed, TimeSpan now) => EntryOf(group, now).Followed = followed;

    /// <summary>The replica goes on where an earlier one ended: what its master confirmed needs no confirmation, so it must be asked for the stable point.</summary>
    public void StartedAnew(GroupId group)
    {
        if (!_entries.TryGetValue(group, out var entry) || entry.Followed.ConfirmedLife == 0) return;
        if (!_startedAnew.TryGetValue(entry.Followed.Master, out var groups)) _startedAnew[entry.Followed.Master] = groups = [];
        if (!groups.Contains(group)) groups.Add(group);
    }

    /// <summary>It has heard that master, or follows another.</summary>
    public void Heard(GroupId group, NodeId master)
    {
        if (_startedAnew.TryGetValue(master, out var groups) && groups.Remove(group) && groups.Count == 0) _startedAnew.Remove(master);
    }

    /// <summary>Those of this master's groups that started anew and have not heard it; at most so many.</summary>
    public GroupId[] StartedAnewUnder(NodeId master, int limit) => _startedAnew.TryGetValue(master, out var groups) ? [.. groups.Take(limit)] : [];

    /// <summary>The replica ended.</summary>
    public void Leave(GroupId group, IReplicaListener replica)
    {
        if (!_entries.TryGetValue(group, out var entry) || entry.Replica != replica) return;
        entry.Replica = null;
        Heard(group, entry.Followed.Master); // nobody is there to be told
    }

    /// <summary>
    /// The master of that epoch gave it up, and may say so while no replica is here to hear it. The replica to be told, whomever it
    /// follows; null: none.
    /// </summary>
    public IReplicaListener? Resigned(Resignation resignation)
    {
        if (!_entries.TryGetValue(resignation.Group, out var entry)) return null;
        var known = entry.ResignedOf(resignation.Birth);
        if (resignation.Epoch > known) (entry.Resigned ??= [])[resignation.Birth] = resignation.Epoch;
        if (resignation.Epoch >= known && resignation.End is not null) entry.Ended = resignation;
        return entry.Replica;
    }

    /// <summary>Of the group of that birth; of a group made anew, earlier epochs say nothing (I4).</summary>
    public Epoch ResignedEpoch(GroupId group, GroupBirth birth) => _entries.TryGetValue(group, out var entry) ? entry.ResignedOf(birth) : Epoch.None;

    /// <summary>Where the log of the master of that epoch ended, by its own word; null: it has not said so.</summary>
    public LogPosition? EndOf(GroupId group, GroupBirth birth, Epoch epoch) =>
        _entries.TryGetValue(group, out var entry) && entry.Ended is { } ended && ended.Birth == birth && ended.Epoch == epoch ? ended.End : null;

    /// <summary>Is a replica here in sync, as far as it knows, under such a master?</summary>
    public bool AnyInSyncUnder(Func<NodeId, bool> master) =>
        _entries.Values.Any(e => e.Replica is not null && e.Followed.InSync && e.Followed.ConfirmedLife > 0 && !e.HasResigned && master(e.Followed.Master));

    /// <summary>Takes out those that no replica attends to and whose wait is over. They bind nobody, as long as nothing that was confirmed revives.</summary>
    public List<FollowedMaster> TakeOut(Func<FollowedMaster, bool> isOver)
    {
        var over = new List<FollowedMaster>();
        foreach (var (group, entry) in _entries)
        {
            if (entry.Replica is not null || !isOver(entry.Followed)) continue;
            over.Add(entry.Followed);
            _entries.Remove(group);
        }

        return over;
    }

    private Entry EntryOf(GroupId group, TimeSpan now) =>
        _entries.TryGetValue(group, out var entry) ? entry : _entries[group] = new Entry { Followed = new FollowedMaster { Since = now } };

    private sealed class Entry
    {
        public required FollowedMaster Followed { get; set; }
        public IReplicaListener? Replica { get; set; }
        public Dictionary<GroupBirth, Epoch>? Resigned { get; set; }
        public bool HasResigned => Resigned?.Values.Any(e => e >= Followed.Epoch) ?? false;
        public Epoch ResignedOf(GroupBirth birth) => Resigned?.GetValueOrDefault(birth) ?? Epoch.None;

        /// <summary>The newest one that said where the log ended.</summary>
        public Resignation? Ended { get; set; }
    }
}
