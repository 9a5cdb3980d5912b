using System.Runtime.InteropServices;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>What kind of call it is, as far as routing cares.</summary>
internal enum CallKind
{
    Operation,
    ReadAny,
    ReadMaster,

    /// <summary>A diagnostic read of one replica, named by <see cref="CallProgress.OnlySilo"/>.</summary>
    ReadOne,
}

/// <summary>How one replica has fared within one call.</summary>
internal sealed class TargetProgress
{
    /// <summary>Not asked since the view last changed, and not under suspicion.</summary>
    public bool Fresh = true;

    /// <summary>An attempt is out, and has patience left until <see cref="PatienceEnd"/>.</summary>
    public bool Waiting;
    public TimeSpan PatienceEnd;

    /// <summary>Silent or broken before: ask it, but do not hold up the others for its answer.</summary>
    public bool Suspect;

    /// <summary>Not to be asked again before.</summary>
    public TimeSpan NextTry;

    /// <summary>A copy was sent of which nothing is known: the replica may be executing it.</summary>
    public bool Open;
    public int Attempts;
    public int Declined;

    /// <summary>It said that it serves nothing before an operator has looked, and nothing else since.</summary>
    public bool OutOfService;
}

/// <summary>
/// All that one call has learned so far: the facts that <see cref="ClientPolicy"/> decides on. It is told what happens and when; it
/// does nothing.
/// Times count from the start of the call.
/// </summary>
internal sealed class CallProgress(CallKind kind, ClientTimes times, int turn = 0)
{
    private const int HedgePatience = 5; // in times of an attempt
    private readonly Dictionary<SiloAddress, TargetProgress> _targets = [];
    private int _unsettled;

    public CallKind Kind { get; } = kind;
    public ClientTimes Times { get; } = times;

    /// <summary>Which reader comes first.</summary>
    public int Turn { get; } = turn;
    public SiloAddress? OnlySilo { get; init; }
    public GroupView? View { get; private set; }

    /// <summary>A reader declined: the master knows best.</summary>
    public bool PreferMaster { get; private set; }

    /// <summary>The master answered that it cannot take the call now: no use in asking others, before <see cref="AskOthersAt"/>.</summary>
    public bool MasterIsBusy { get; private set; }
    public TimeSpan AskOthersAt { get; private set; } = TimeSpan.MaxValue;

    /// <summary>An attempt was sent, and nobody said for certain that it was not executed.</summary>
    public bool MaybeExecuted => Kind == CallKind.Operation && _unsettled > 0;

    /// <summary>This replica executes the read, by its own word.</summary>
    public SiloAddress? RunningAt { get; private set; }

    /// <summary>
    /// When a third replica may be sent a read of which two have copies: not while either may still be executing it (a read is hedged
    /// once), and later than that only because both may be dead.
    /// </summary>
    public TimeSpan HedgeAgainAt { get; private set; }
    public bool IsHedged => _targets.Values.Count(target => target.Open) >= 2;

    public RefusalReason Refusal { get; private set; }
    public string? Message { get; private set; }
    public bool IsFinal { get; private set; }
    public bool Resolving { get; private set; }
    public TimeSpan NextResolve { get; private set; }
    public int Resolved { get; private set; }

    public TargetProgress Target(SiloAddress silo) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_targets, silo, out _) ??= new TargetProgress();

    /// <summary>
    /// Whoever says it: a record that is newer than what is known opens every replica anew; of the same record only news of addresses
    /// counts, and a replica at a new one
    /// has not been asked yet.
    /// </summary>
    public void OnView(GroupView? view)
    {
        if (view is null) return;
        var (known, merged) = (View, View?.WithNewsOf(view) ?? view);
        if (ReferenceEquals(known, merged)) return;
        View = merged;
        var masterMoved = known is not null && AddressOf(known, known.Master) != AddressOf(merged, merged.Master);
        if (masterMoved) MasterIsBusy = PreferMaster = false;
        if (!merged.IsNewerThan(known)) return;
        MasterIsBusy = PreferMaster = false;
        RunningAt = null;
        foreach (var target in _targets.Values) (target.Fresh, target.Waiting, target.Suspect, target.NextTry, target.Declined, target.OutOfService) = (true, false, false, default, 0, false);
    }

    /// <summary>This silo was silent in another call a moment ago: ask it, but do not wait for it.</summary>
    public void OnSuspect(SiloAddress silo) => (Target(silo).Fresh, Target(silo).Suspect) = (false, true);

    /// <param name="silo">Where to.</param>
    /// <param name="now">When.</param>
    /// <param name="most">When nothing has come by then, it may be sent again, though the replica would be given more time.</param>
    public void OnSent(SiloAddress silo, TimeSpan now, TimeSpan? most = null)
    {
        var target = Target(silo);
        var patience = Times.Patience(target.Attempts++);
        if (most < patience) patience = most.Value;
        if (!target.Open) HedgeAgainAt = now + (Times.Attempt * HedgePatience);
        target.Open = true;
        target.Suspect |= target.Waiting;
        (target.Fresh, target.Waiting, target.PatienceEnd, target.NextTry) = (false, true, now + patience, now + patience);
        _unsettled++;
    }

    /// <summary>The replica is asked about the read, or has said that it executes it: its answer is waited for.</summary>
    public void OnAwaited(SiloAddress silo, TimeSpan until)
    {
        var target = Target(silo);
        (target.Waiting, target.Suspect, target.PatienceEnd, target.NextTry) = (true, false, until, until);
    }

    /// <summary>The replica executes the read, and nobody is left who would bring its answer: a copy that joins it will.</summary>
    public void OnRunning(SiloAddress silo, TimeSpan now)
    {
        RunningAt = silo;
        var target = Target(silo);
        (target.Waiting, target.Fresh, target.Suspect, target.NextTry) = (false, false, false, now);
    }

    public void OnRedirected(SiloAddress silo, GroupView? view, TimeSpan now)
    {
        _unsettled--;
        PreferMaster = true;
        Decline(silo, now);
        OnView(view);
    }

    public void OnRefused(SiloAddress silo, RefusalReason reason, string? message, TimeSpan now)
    {
        _unsettled--;
        (Refusal, Message) = (reason, message);
        IsFinal = reason is RefusalReason.RequestExpired or RefusalReason.RequestIdReused or RefusalReason.TokenLost or RefusalReason.Unsupported or RefusalReason.NoFirstState
            or RefusalReason.StoppedAtEntry;
        var wasBusy = MasterIsBusy;
        MasterIsBusy = reason is RefusalReason.Overloaded or RefusalReason.TooFewInSync or RefusalReason.SessionTableFull or RefusalReason.DiskFull;
        if (MasterIsBusy && !wasBusy) AskOthersAt = now + (Times.Attempt * 2);
        Decline(silo, now);
        Target(silo).OutOfService = reason is RefusalReason.Quarantined;
    }

    /// <summary>The replica does not know the outcome: it may be asked again.</summary>
    public void OnUnknown(SiloAddress silo, string? message, TimeSpan now)
    {
        Message = message;
        Decline(silo, now);
    }

    /// <summary>The attempt broke: nobody knows whether it arrived.</summary>
    public void OnBroken(SiloAddress silo, string? message, TimeSpan now)
    {
        OnUnknown(silo, message, now);
        Target(silo).Suspect = true;
    }

    /// <summary>A relay heard nothing of it from a replica whose silo it hears: the call is there, and may be being executed.</summary>
    public void OnUnheardOf(SiloAddress silo, string? message, TimeSpan now)
    {
        OnBroken(silo, message, now);
        Target(silo).Open = true;
    }

    /// <summary>
    /// The attempt came to nothing on its way, and the replica is not to blame: it may be asked again then, by another way, without
    /// holding up others. This copy may have arrived all the same.
    /// </summary>
    public void OnWayFailed(SiloAddress silo, string? message, TimeSpan again)
    {
        Message = message ?? Message;
        var target = Target(silo);
        (target.Waiting, target.Suspect, target.NextTry, target.Open) = (false, true, again, false);
        if (silo.Equals(RunningAt)) RunningAt = null;
    }

    /// <summary>One copy was not sent by the relay that it went to: it cannot have been executed.</summary>
    public void OnNotSent() => _unsettled--;

    /// <summary>The one replica that may answer never will.</summary>
    public void OnNobodyElse() => IsFinal = true;

    public void OnResolving() => Resolving = true;

    public void OnResolved(GroupView? view, TimeSpan now)
    {
        Resolving = false;
        NextResolve = now + Times.ResolveBackoff(Resolved++);
        if (view is not null && View?.Birth.IsOther(view.Birth) == true) View = null; // the group was made anew
        OnView(view);
    }

    private void Decline(SiloAddress silo, TimeSpan now)
    {
        var target = Target(silo);
        (target.Waiting, target.Fresh, target.Suspect, target.Open, target.OutOfService) = (false, false, false, false, false);
        if (silo.Equals(RunningAt)) RunningAt = null;
        target.NextTry = now + Times.Backoff(target.Declined++);
    }

    private static SiloAddress? AddressOf(GroupView view, NodeId node) => view.Replicas.FirstOrDefault(r => r.Node == node)?.Callable;
}
