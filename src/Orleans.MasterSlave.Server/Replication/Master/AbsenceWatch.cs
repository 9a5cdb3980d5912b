using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Replication.Master;

/// <summary>
/// Sees to it that somebody is told when a group has had fewer replicas in sync than its author asks for, for longer than a moment; with the reason of each, again when
/// the reasons change, and when it is over. Since the mastership began, if there never were enough.
/// </summary>
internal sealed class AbsenceWatch(ReplicaEnvironment env)
{
    private TimeSpan? _since;
    private TimeSpan _lookAgainAt;
    private (object? Node, AbsenceReason Reason)[]? _told;

    /// <summary>Something is to be told soon: time has to pass only.</summary>
    public bool Waits => _since is not null && _told is null;

    public void Look(GroupRecord record, Func<IReadOnlyList<Absence>> missing)
    {
        if (record.InSync.Length >= WantedOf(record))
        {
            if (_told is not null) env.Events.AllInSync(record);
            (_since, _told) = (null, null);
            return;
        }

        _since ??= env.Now;
        if (env.Now < (_told is null ? _since.Value + env.Limits.AbsenceToldAfter : _lookAgainAt)) return;
        _lookAgainAt = env.Now + env.Limits.AbsenceToldAgainAfter;
        var absences = missing();
        var reasons = absences.Select(a => ((object?)a.Node, a.Reason)).ToArray();
        if (_told is not null && reasons.SequenceEqual(_told)) return;
        _told = reasons;
        env.Events.ReplicasMissing(record, WantedOf(record), absences);
    }

    /// <summary>The mastership ended: whoever has the next one watches.</summary>
    public void End()
    {
        if (_told is not null) env.Events.NotWatchedAnyMore();
        (_since, _told) = (null, null);
    }

    private int WantedOf(GroupRecord record) => env.Places.Wanted is > 0 and var wanted ? wanted : record.Replicas.Length;
}
