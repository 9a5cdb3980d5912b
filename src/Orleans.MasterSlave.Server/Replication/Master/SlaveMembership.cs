using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Replication.Master;

/// <summary>One slave's way in and out of the in-sync set, as the master sees it (G5, G6). Backs off, so that an unsteady slave does not hit the store at every turn.</summary>
internal sealed class SlaveMembership(ReplicaEnvironment env, SlaveChannel channel)
{
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));
    private TimeSpan _unleasedSince = env.Now;  // when the lease was first missed, or this membership began: nobody looks at a group at rest
    private bool _isLeased;                     // at the last look
    private bool _wasLeased;
    private LogIndex _acknowledged;             // as of _stalledSince
    private bool _owes;                         // at the last look: there was something that it had not acknowledged
    private TimeSpan _stalledSince = env.Now;   // since when it has acknowledged nothing though there is something
    private LogIndex? _growThrough;             // growing: the master's last index when it became required
    private TimeSpan _swapAgainAt = TimeSpan.MinValue;
    private TimeSpan _grownAt = TimeSpan.MinValue;

    public SlaveChannel Channel { get; } = channel;

    /// <summary>Every entry that is not yet stable needs this slave.</summary>
    public bool Required { get; set; }

    public TimeSpan? LeaseUntil => env.Liveness.LeaseUntil(Channel.Slave, Channel.Confirmed);

    /// <summary>
    /// The lease has run out. A lease that never was, or that only waits for a new confirmation while the slave's silo is heard, gets as long
    /// as a lease lasts.
    /// </summary>
    public bool IsOverdue { get; private set; }

    /// <summary>Its silo stops in order. It goes on acknowledging until it is taken out, so nobody waits for it (G5).</summary>
    public bool IsLeaving => env.Liveness.IsSlaveLeaving(Channel.Slave);

    /// <summary>Heard, and asked, and yet it acknowledges nothing: its log or its thread hangs. It is as good as gone (G5).</summary>
    public bool IsStalled { get; private set; }

    /// <summary>Entries can become stable through it, as far as is known.</summary>
    public bool IsUsable => !Channel.SlaveFailed && !IsStalled && (LeaseUntil is not null || !IsOverdue);

    /// <summary>Why it is not in sync.</summary>
    public Absence Absence => Absence.Of(Channel.Slave, new SlaveFacts(
        env.Places.StateOf(Channel.Slave), IsLeaving, env.Liveness.ReachableSession(Channel.Slave) is not null, Channel.SlaveFailed,
        env.Liveness.ReachableSession(Channel.Slave) is null ? env.Liveness.TroubleWith(Channel.Slave) : Channel.Trouble));

    public bool MaySwap => env.Now >= _swapAgainAt;

    /// <summary>It has caught up, is heard, and may become required (G6).</summary>
    public bool MayBeginToGrow =>
        MaySwap && !IsLeaving && Channel.IsStreaming && LeaseUntil is not null && !Channel.SlaveFailed && !IsStalled
        && env.Log.Last.Index - Channel.Acknowledged <= env.Limits.MaxBatchEntries * env.Limits.MaxBatchesInFlight;

    /// <summary>It has acknowledged what was the master's last index when it became required, and its lease is held.</summary>
    public bool IsGrown => _growThrough is { } through && Channel.Acknowledged >= through && LeaseUntil is not null;

    public void Look()
    {
        var owed = _owes;
        _owes = Channel.Acknowledged < env.Log.Last.Index;
        if (!owed || !_owes || Channel.Acknowledged != _acknowledged)
        {
            _acknowledged = Channel.Acknowledged;
            _stalledSince = env.Now;
        }

        IsStalled = env.Now - _stalledSince > env.Limits.LinkTimeout * 3;
        if (LeaseUntil is not null)
        {
            _isLeased = _wasLeased = true;
            IsOverdue = false;
            if (_grownAt != TimeSpan.MinValue && env.Now - _grownAt > _backoff.Longest) _backoff.Reset();
            return;
        }

        if (_isLeased) _unleasedSince = env.Now;
        _isLeased = false;
        var silent = env.Liveness.IsSilent(Channel.Slave);
        IsOverdue = (silent && _wasLeased) || env.Now - _unleasedSince > env.Liveness.Times.LeaseDuration;
    }

    public void BeginToGrow()
    {
        Required = true;
        _growThrough = env.Log.Last.Index;
    }

    public void GiveUpGrowing()
    {
        Required = false;
        _growThrough = null;
        BackOff();
    }

    /// <summary>The record is known for certain again.</summary>
    public void Settled(bool isInSync, bool changed)
    {
        if (isInSync && changed) _grownAt = env.Now;
        else BackOff();
        Required = isInSync;
        _growThrough = null;
        _wasLeased = isInSync && _wasLeased;
    }

    private void BackOff() => _swapAgainAt = env.Now + _backoff.Next();
}
