using Orleans.Hosting;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// This process's lease of its node's identity (I2): renewed by swaps of the node's row, each with a fresh stamp, which the folder knows
/// before it is sent. Valid from the sending of the last renewal that landed. Decisions: <see cref="NodePolicy"/>. Thread-safe; one loop
/// renews.
/// </summary>
internal sealed class NodeLease(
    StoredNode begun, INodeStore store, INodeFolder folder, NodeLeaseSettings settings, TimeProvider time, Func<Guid> newStamp, INodeLeaseEvents events, TimeSpan sent, DateTime sentUtc)
{
    private readonly Lock _lock = new();
    private StoredNode _confirmed = begun;
    private NodeRecord? _attempt;                     // sent, perhaps, and not settled
    private string? _etag = begun.ETag;               // that the next swap names; null: the row is gone
    private TimeSpan _firstSent;                      // of the attempt
    private DateTime _firstSentUtc;
    private TimeSpan _tried;                          // the last try began
    private DateTime _triedUtc;
    private TimeSpan _renewAt = sent + settings.RenewEvery;
    private TimeSpan _lookAt = TimeSpan.MinValue;     // no sooner is anything tried again
    // under the lock:
    private TimeSpan _until = sent + settings.Lease;
    private DateTime _untilUtc = sentUtc + settings.Lease;
    private TimeSpan _outUntil = TimeSpan.MinValue;   // the store did not answer a renewal, and the next one is not due yet
    private DateTime _outUntilUtc;
    private bool _lost, _released, _wasLapsed, _storeWentBack = folder.StoreWentBack;

    /// <summary>
    /// No earlier process of the node can still run: it stopped in order, or this process locks the very file that it had locked (G4).
    /// </summary>
    public required bool EarlierLifeProvedDead { get; init; }

    /// <summary>The row as this process wrote it last.</summary>
    public NodeRecord Row => _confirmed.Record;

    private TimeSpan Now => time.GetElapsedTime(0);
    private DateTime UtcNow => time.GetUtcNow().UtcDateTime;

    public NodeStanding Standing
    {
        get
        {
            lock (_lock)
            {
                var (now, utcNow) = (Now, UtcNow);
                // Also the wall clock ends it: monotonic clocks stand still while a machine is suspended.
                var state = _lost || _released ? NodeLeaseState.Lost : now < _until && utcNow < _untilUtc ? NodeLeaseState.Held : NodeLeaseState.Lapsed;
                return new NodeStanding(state, now < _outUntil && utcNow < _outUntilUtc, settings.Outage, _storeWentBack);
            }
        }
    }

    /// <summary>How long the lease lasts, if it is not renewed; negative: it is over.</summary>
    public TimeSpan Left
    {
        get
        {
            lock (_lock) return _until - Now;
        }
    }

    /// <summary>May this process do, now, what needs no other node's consent?</summary>
    public bool MayActAlone(LoneAct act) => NodePolicy.May(act, Standing);

    /// <summary>Renews until stopped, or until another process is the node.</summary>
    public async Task RunAsync(CancellationToken stopped)
    {
        while (true)
        {
            await StepAsync();
            await Task.Delay(_lost ? Timeout.InfiniteTimeSpan : settings.Look, time, stopped);
        }
    }

    /// <summary>
    /// Stopped in order: this process is not the node any more, and the row says so. After <see cref="RunAsync"/> has ended.
    /// </summary>
    public async Task ReleaseAsync()
    {
        lock (_lock)
        {
            if (_lost || _released) return;
            _released = true;
        }

        if (_attempt is not null) await RenewAsync(NodeUse.Running); // its outcome is not known yet
        if (!_lost) await RenewAsync(NodeUse.Released);
    }

    /// <summary>One look: renews when it is time to.</summary>
    public async Task StepAsync()
    {
        if (_lost || _released) return;
        var now = Now;
        if (now >= _renewAt || (now >= _lookAt && Standing.Lease == NodeLeaseState.Lapsed))
        {
            _lookAt = now + settings.Look;
            try
            {
                await RenewAsync(NodeUse.Running);
            }
            catch (Exception e)
            {
                if (_attempt is not null) Failed(); // else the folder failed, and the store was not asked
                events.RenewalFailed(e);
            }
        }

        Tell();
    }

    /// <summary>One try. The same write is tried until its outcome is known: so one write at most is open.</summary>
    private async Task RenewAsync(NodeUse use)
    {
        var attempt = _attempt ??= Begin(use);
        var (sent, sentUtc) = (_tried, _triedUtc) = (Now, UtcNow);
        if (await store.SwapAsync(attempt, _etag).WaitAsync(settings.CallLimit, time) is { } swapped)
        {
            Landed(swapped, sent, sentUtc);
            return;
        }

        var row = await store.ReadAsync(attempt.Life.Node).WaitAsync(settings.CallLimit, time);
        switch (NodePolicy.Refused(row?.Record, attempt, _confirmed.Record))
        {
            case RenewalOutcome.Landed:
                Landed(row!, _firstSent, _firstSentUtc); // which of the tries landed is not known
                break;
            case RenewalOutcome.Displaced:
                lock (_lock) _lost = true;
                events.Displaced($"{row!.Record}");
                break;
            case RenewalOutcome.WentBack:
                var what = $"its row is {row?.Record.ToString() ?? "missing"}, and this process wrote {_confirmed.Record}";
                folder.RememberStoreWentBack(what);
                lock (_lock) _storeWentBack = true;
                _etag = row?.ETag;
                if (row is not null && NodePolicy.MayBeAnothers(row.Record, _confirmed.Record)) _renewAt = _lookAt = Now + NodePolicy.WatchFor(row.Record.Lease);
                events.StoreWentBack(what);
                break;
            default:
                _etag = row!.ETag;
                break;
        }
    }

    /// <summary>
    /// A fresh stamp: a twin with the same bytes cannot write the same row. The folder knows it first: it is never older than the row.
    /// </summary>
    private NodeRecord Begin(NodeUse use)
    {
        var next = _confirmed.Record with { Renewal = _confirmed.Record.Renewal + 1, Stamp = newStamp(), Lease = settings.Lease, Use = use };
        folder.Keep(NodeMemory.Landed(NodeWrite.Of(_confirmed.Record)).Sending(NodeWrite.Of(next)));
        (_firstSent, _firstSentUtc) = (Now, UtcNow);
        return next;
    }

    private void Landed(StoredNode row, TimeSpan sent, DateTime sentUtc)
    {
        (_confirmed, _attempt, _etag) = (row, null, row.ETag);
        _renewAt = sent + settings.RenewEvery;
        lock (_lock)
        {
            _until = sent + settings.Lease;
            _untilUtc = sentUtc + settings.Lease;
            _outUntil = TimeSpan.MinValue;
        }

        events.Renewed();
    }

    /// <summary>
    /// Who slept since, or while the store was asked, must ask again before it takes the store for out: of a sleeper's call it only knows
    /// that its time is over.
    /// </summary>
    private void Failed()
    {
        var longestTry = (settings.CallLimit * 2) + settings.Look;
        if (Now - _tried > longestTry || UtcNow - _triedUtc > longestTry) return;
        var nextAnswer = longestTry + (settings.Look * 2);
        lock (_lock) (_outUntil, _outUntilUtc) = (Now + nextAnswer, UtcNow + nextAnswer);
    }

    private void Tell()
    {
        var lapsed = Standing.Lease == NodeLeaseState.Lapsed;
        if (lapsed == _wasLapsed || _lost) return;
        _wasLapsed = lapsed;
        if (lapsed) events.Lapsed(settings.Outage);
        else events.HeldAgain();
    }
}
