using System.Runtime.CompilerServices;
using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Replication.Master;

/// <summary>
/// The master's end of the way to one slave; its twin is <see cref="Slave.MasterFeed"/>. Finds where the two logs agree (C1), then keeps a bounded
/// number of batches in flight (W3), and the slave's confirmation of the epoch (L3) and stable point (W6) up to date. While the slave's silo is
/// not heard, it is silent. Runs in the replica's thread.
/// </summary>
internal sealed class SlaveChannel
{
    private readonly ReplicaEnvironment _env;
    private readonly IMasterOfSlaves _master;
    private readonly SnapshotSender _snapshots;

    private LogIndex _next;            // the entry to send next
    private bool _matching;            // the logs agree before _next: batches may be pipelined
    private int _inFlight;
    private int _generation;           // raised when the way starts anew: older replies then tell nothing about _next
    private LogIndex _toldApplied;
    private LogIndex _heldApplied;     // the largest point that the slave has said it was told
    private long _unheldSince = long.MaxValue; // ticks: since when what is applied here may not be held over there; read by other threads
    private StrongBox<LeaseSession>? _confirmed; // in one piece: read by other threads
    private bool _noticeDelayed;
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1));
    private TimeSpan _quietUntil = TimeSpan.MinValue;
    private TimeSpan _confirmAgainAt = TimeSpan.MinValue; // a slave that competes confirms nothing: do not ask without pause
    private bool _stopped;
    private bool _slaveWantsState, _sendingState;

    public SlaveChannel(ReplicaEnvironment env, IMasterOfSlaves master, NodeId slave)
    {
        _env = env;
        _master = master;
        Slave = slave;
        _next = env.Log.Last.Index.Next();
        _snapshots = new SnapshotSender(env, master, slave);
    }

    public NodeId Slave { get; }

    /// <summary>Everything through here is the master's on the slave too, and durable there.</summary>
    public LogIndex Acknowledged { get; private set; }

    /// <summary>The lease session under which the slave last confirmed this epoch (L3).</summary>
    public LeaseSession? Confirmed => Volatile.Read(ref _confirmed)?.Value;

    /// <summary>The slave has answered, under this mastership.</summary>
    public bool WasHeard { get; private set; }

    /// <summary>How far the slave has applied what is the master's log; none: not known.</summary>
    public LogIndex AppliedThere { get; private set; }

    /// <summary>The entry at which the slave's process failed before (W10).</summary>
    public SuspectEntry? Suspect { get; private set; }

    /// <summary>The slave said that it cannot follow: it need not be waited for.</summary>
    public bool SlaveFailed { get; private set; }

    /// <summary>The last that went wrong on the way to it, or with it; null: its last answer was all right.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Does the slave, for all this master knows, lack a stable point that was reached before (R2)? From any thread.</summary>
    public bool IsBehind(TimeSpan before) => Volatile.Read(ref _unheldSince) <= before.Ticks;

    /// <summary>More was applied, and is about to be answered: the slave does not know of it yet.</summary>
    public void AppliedMoved()
    {
        if (_unheldSince == long.MaxValue) Volatile.Write(ref _unheldSince, _env.Now.Ticks);
    }

    /// <summary>The logs were found to agree somewhere, under this mastership: until then nobody knows how far the slave is.</summary>
    public bool WasMatched { get; private set; }

    public bool IsStreaming => _matching && !_snapshots.IsActive;

    /// <summary>Does this channel need another look soon?</summary>
    public bool IsUnsettled => _inFlight > 0 || !_matching || _next <= _env.Log.Last.Index || !IsConfirmed || _toldApplied < _master.Applied || _unheldSince != long.MaxValue;

    /// <summary>The position of the snapshot that is on its way; null: none.</summary>
    public LogIndex? Travelling => _snapshots.Travelling;

    private bool IsConfirmed => Confirmed is { } session && _env.Liveness.ReachableSession(Slave) == session;

    public void Stop() => _stopped = true;

    /// <summary>The slave does not know what it was told, or there is news of the record: the stable point goes again, with what goes with it.</summary>
    public void TellAgain() => _toldApplied = LogIndex.None;

    /// <summary>Sends what is to be sent and may be sent now.</summary>
    public void Pump()
    {
        if (!MaySend) return;
        if (!_matching)
        {
            if (_inFlight == 0) SendProbe();
            return;
        }

        // A link may fail at once, within the call: then the way has started anew, and this is over.
        while (_matching && MaySend && _inFlight < _env.Limits.MaxBatchesInFlight && _next <= _env.Log.Last.Index)
        {
            if (!Send(_env.Limits.MaxBatchEntries)) return;
        }

        if (_inFlight > 0 || !_matching || !MaySend) return;
        if (!IsConfirmed)
        {
            if (_env.Now < _confirmAgainAt) return;
            _confirmAgainAt = _env.Now + _backoff.First;
            Send(maxEntries: 0);
        }
        else if (_toldApplied < _master.Applied) _master.Discard(NoticeSoonAsync(), "telling a slave the stable point");
    }

    private bool MaySend => !_stopped && !_snapshots.IsActive && _env.Now >= _quietUntil && _env.Liveness.ReachableSession(Slave) is not null;

    /// <summary>Asks whether the logs agree before <see cref="_next"/>.</summary>
    private void SendProbe()
    {
        _next = LogIndex.Min(_next, _env.Log.Last.Index.Next());
        Send(maxEntries: 0);
    }

    /// <summary>Sends the entries that follow, at most so many; none: a question, a confirmation, or news of the stable point.</summary>
    private bool Send(int maxEntries)
    {
        var previous = _next.Previous();
        if (_env.Log.EpochAt(previous) is not { } epoch)
        {
            BeginInstall(); // a snapshot has overtaken this slave: the log no longer reaches back to where it is
            return false;
        }

        IReadOnlyList<LogEntry> entries = [];
        try
        {
            if (maxEntries > 0) entries = _env.Log.Read(_next, maxEntries, _env.Limits.MaxBatchBytes);
        }
        catch (IOException error)
        {
            _master.LogUnreadable(error); // and nothing of it to a caller, whose entry is in the log already
            return false;
        }

        _next = previous + entries.Count + 1;
        _inFlight++;
        _toldApplied = _master.AppliedFor(previous + entries.Count);
        var request = new AppendRequest
        {
            Header = _master.HeaderFor(Slave),
            Previous = new LogPosition(epoch, previous),
            Stable = _master.Stable,
            Applied = _toldApplied,
            Replicated = _master.LargestReplicatedIndex,
            Entries = entries,
            Digest = _master.Digest,
        };
        _master.Discard(SendAsync(request), "sending entries to a slave");
        return true;
    }

    private async Task SendAsync(AppendRequest request)
    {
        var generation = _generation;
        var sent = _env.Now;
        AppendReply? reply = null;
        try
        {
            reply = await _env.Links.AppendAsync(Slave, request).WaitAsync(_env.Limits.LinkTimeout, _env.Time);
        }
        catch (Exception e)
        {
            Trouble = e is TimeoutException ? null : $"{e.GetType().Name}: {e.Message}";
            // Lost, late or refused on the way: what happened over there is not known. The way starts anew below.
        }

        if (_stopped) return;
        if (generation == _generation) _inFlight--;
        if (reply is not null) Trouble = reply.By == Slave ? reply.Trouble : $"what is sent there comes to node {reply.By}";
        if (reply is null || reply.By != Slave) StartAnew(generation); // another's word says nothing of this slave's disk
        else OnReply(request, reply, generation, sent);
        _master.ChannelAdvanced();
        Pump();
    }

    private void OnReply(AppendRequest request, AppendReply reply, int generation, TimeSpan sent)
    {
        SlaveFailed = reply.Outcome == AppendOutcome.Failed;
        (WasHeard, Suspect) = (true, reply.Suspect);
        switch (reply.Outcome)
        {
            case AppendOutcome.Appended:
                Acknowledged = LogIndex.Max(Acknowledged, reply.MatchedThrough);
                Holds(request.Applied, sent);
                AppliedThere = LogIndex.Min(reply.Applied, Acknowledged);
                _slaveWantsState = reply.WantsState;
                if (_slaveWantsState && !_sendingState) _master.Discard(SendStateAsync(), "sending its state to a slave");
                if (reply.Session is { } session && (Confirmed is not { } confirmed || session.CompareTo(confirmed) > 0))
                    Volatile.Write(ref _confirmed, new StrongBox<LeaseSession>(session));
                if (generation == _generation)
                {
                    _matching = WasMatched = true;
                    _backoff.Reset();
                }

                break;
            case AppendOutcome.Mismatch when generation == _generation && reply.NeedsSnapshot:
                BeginInstall();
                break;
            case AppendOutcome.Mismatch when generation == _generation:
                Unmatch();
                if (LargestCommon(request.Previous, reply.Hint) is { } common) _next = common.Next();
                else BeginInstall();
                break;
            case AppendOutcome.StaleEpoch:
                _master.RefusedBy(Slave, reply.PromisedEpoch);
                break;
            case AppendOutcome.Busy or AppendOutcome.Failed or AppendOutcome.Misplaced:
                StartAnew(generation);
                break;
        }
    }

    /// <summary>The slave holds, and has been told of, what was applied here at a moment. One that is newer was reached after that.</summary>
    private void Holds(LogIndex applied, TimeSpan asOf)
    {
        if (applied > _heldApplied) _heldApplied = applied;
        if (Acknowledged < applied) return; // told of it, and does not have it yet
        if (_heldApplied >= _master.Applied) Volatile.Write(ref _unheldSince, long.MaxValue);
        else if (asOf.Ticks > _unheldSince) Volatile.Write(ref _unheldSince, asOf.Ticks);
    }

    private void StartAnew(int generation)
    {
        if (generation != _generation) return;
        Unmatch();
        _next = Acknowledged > LogIndex.None ? Acknowledged.Next() : _env.Log.Last.Index.Next();
        _quietUntil = _env.Now + _backoff.Next();
    }

    /// <summary>Where the logs agree is not known any more; what is in flight tells nothing about it.</summary>
    private void Unmatch()
    {
        _generation++;
        _inFlight = 0;
        _matching = false;
    }

    /// <summary>
    /// The largest index at which the logs may agree, given that the slave's holds nothing newer than the hint before it. A hint above what was
    /// asked about is the slave's snapshot: the logs agree there or nowhere; null: nowhere.
    /// </summary>
    private LogIndex? LargestCommon(LogPosition asked, LogPosition hint)
    {
        if (hint.Index >= asked.Index) return _env.Log.EpochAt(hint.Index) == hint.Epoch ? hint.Index : null;
        var index = hint.Index;
        while (index > _env.Log.Base.Index && _env.Log.EpochAt(index) > hint.Epoch) index = index.Previous();
        return index;
    }

    private void BeginInstall() => _master.Discard(InstallAsync(), "sending a snapshot to a slave");

    private async Task InstallAsync()
    {
        if (_snapshots.IsActive) return;
        Unmatch();
        LogIndex? installed = null;
        try
        {
            installed = await _snapshots.SendAsync();
        }
        catch (IOException error)
        {
            _master.LogUnreadable(error);
        }

        if (_stopped) return;
        if (installed is { } through)
        {
            _next = through.Next();
            Acknowledged = LogIndex.Max(Acknowledged, through);
            WasMatched = true;
        }
        else StartAnew(_generation);
        Pump();
    }

    /// <summary>Entries go on meanwhile: only the slave's state is replaced, not its log.</summary>
    private async Task SendStateAsync()
    {
        _sendingState = true;
        for (; _slaveWantsState && !_stopped; await Task.Delay(_backoff.Longest, _env.Time)) _slaveWantsState = !await TrySendStateAsync();
        _sendingState = false;
    }

    private async Task<bool> TrySendStateAsync()
    {
        try
        {
            return await _master.FreshSnapshotAsync() is { } snapshot && await new SnapshotSender(_env, _master, Slave).SendAsync(snapshot, stateOnly: true) is not null;
        }
        catch (IOException error) when (error is not LogFullException)
        {
            _master.LogUnreadable(error);
        }
        catch (Exception)
        {
            // No snapshot can be had just now; where that is an error, it is reported there.
        }

        return false;
    }

    /// <summary>The stable point goes by itself when no entry carries it within a moment (W6).</summary>
    private async Task NoticeSoonAsync()
    {
        if (_noticeDelayed) return;
        _noticeDelayed = true;
        await Task.Delay(_env.Limits.StableNoticeDelay, _env.Time);
        _noticeDelayed = false;
        if (_stopped || _inFlight > 0 || !_matching || _snapshots.IsActive || _toldApplied >= _master.Applied) return;
        Send(maxEntries: 0);
    }
}

/// <summary>What a channel asks of its master.</summary>
internal interface IMasterOfSlaves
{
    LogIndex Stable { get; }

    /// <summary>The master has applied its log up to here: as far as slaves may (W6).</summary>
    LogIndex Applied { get; }

    /// <summary>As <see cref="Applied"/>, for a slave that holds the log up to an index: not what a skip forbids that it does not hold (W10).</summary>
    LogIndex AppliedFor(LogIndex held);

    /// <summary>Durable on every in-sync replica.</summary>
    LogIndex LargestReplicatedIndex { get; }
    MasterHeader HeaderFor(NodeId slave);

    /// <summary>Of the own state, the newest.</summary>
    StateDigest? Digest { get; }

    /// <summary>A snapshot of what is applied now, when every in-sync replica holds that; null: there is none.</summary>
    Task<LogSnapshot?> FreshSnapshotAsync();

    /// <summary>A slave acknowledged or confirmed something.</summary>
    void ChannelAdvanced();

    /// <summary>A slave has promised a higher epoch (G11).</summary>
    void RefusedBy(NodeId slave, Epoch promised);

    /// <summary>Nobody waits for this task; if it fails, the replica is quarantined.</summary>
    void Discard(Task task, string what);

    /// <summary>The own log does not give back an entry, or a snapshot (D2, D3): this replica can serve no more.</summary>
    void LogUnreadable(IOException error);
}
