using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Replication.Slave;

namespace Orleans.MasterSlave.Replicas;

/// <summary>
/// What a replica does while it is not master: follows one, learns the record, and competes for the lock when its patience is over (G3, G4, L3, L4).
/// Its twin is <see cref="MasterRole"/>. Runs in the replica's thread.
/// </summary>
internal sealed class SlaveRole(ReplicaEnvironment env, Succession succession, StateManager state) : IFollower
{
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2));
    private TimeSpan _nextAttempt = TimeSpan.MinValue;
    private bool _attempting;
    private bool _lookAgain; // something new came up during an attempt
    private bool _isUnborn; // the store knows nothing of this group, and neither does the log

    public bool CannotFollow => state.IsOut;

    /// <summary>A group that was made here is born, though this role learned of it from nobody: a master that stepped down competes again by itself.</summary>
    public bool NeedsTicks => (!_isUnborn || state.Record is not null) && (state.Record is null || succession.Competing || !succession.IsSettled);

    public void Follow(MasterHeader header)
    {
        if (state.Master is { } master && header.Epoch > master.Epoch) state.StepDown($"{header.Sender} is master in {header.Epoch}");
        _isUnborn = false;
        succession.Learn(header.Epoch, header.Sender.Node, header.InSync);
        if (succession.Competing) return;
        succession.Confirmed(header.Sender);
        _backoff.Reset();
    }

    public LeaseSession? ConfirmLease(MasterHeader header)
    {
        if (succession.Competing || state.Master is not null || state.IsOut || header.Epoch != succession.Epoch) return null;
        succession.Confirmed(header.Sender); // what is given away binds this replica (L4)
        return env.Liveness.SessionFor(header.Sender.Node);
    }

    public bool WantsState => state.Watch.WantsState;

    public void MastersDigest(StateDigest? digest) => state.Watch.MastersDigest(digest);

    public void StateReplaced(LogPosition at) => state.Watch.Rebuilt(at);

    public void HoldsAllAcknowledged() => succession.HoldsAllAcknowledged();

    public void Quarantine(string reason) => state.Quarantine(reason);

    public void MetAnotherBirth(MasterHeader header) => state.Quarantine(state.AnotherBirth($"what {header.Sender} sends as its master", header.Birth));

    /// <summary>Looks whether to learn the record, or to compete.</summary>
    public void Tick()
    {
        if (_attempting || env.Now < _nextAttempt) return;
        var masterIsOurNode = succession.Master == env.Self.Node;
        if (state.Record is null || masterIsOurNode || succession.PatienceIsOver) state.Discard(AttemptAsync(), "competing for the mastership");
    }

    /// <summary>Something new is known: the next look need not wait.</summary>
    public void LookNow()
    {
        _nextAttempt = TimeSpan.MinValue;
        _lookAgain = _attempting;
    }

    /// <summary>
    /// This process had a replica of the group before. What it began to change in the record may still land, however long the store
    /// takes: until that is settled, and the record known here, this replica acts safely for both outcomes. It takes in appends, confirms
    /// no lease, and does not compete (G1, L3).
    /// </summary>
    public void SettlePredecessor()
    {
        _attempting = true;
        succession.BeginSettling();
        state.Discard(SettlePredecessorAsync(), "settling what its predecessor began");
    }

    private async Task SettlePredecessorAsync()
    {
        var retry = new Backoff(_backoff.First, _backoff.Longest);
        while (!state.IsOut)
        {
            try
            {
                var promised = env.Log.PromisedEpoch;
                var record = await env.Coordinator.SettledAsync();
                succession.EndCompeting();
                if (record is not null) state.Learn(record, promised);
                break;
            }
            catch (Exception e)
            {
                env.Events.StoreUnreachable(e);
                await Task.Delay(retry.Next(), env.Time);
            }
        }

        _attempting = false;
        LookNow();
        state.Settle();
    }

    private async Task AttemptAsync()
    {
        _attempting = true;
        try
        {
            if (await ReadRecordAsync() is not { } record) return;
            if (!succession.MayCompete(record)) return;
            if (succession.TornTail && !await OthersKnowNoMoreAsync(record)) return;
            if (state.CanCompete && succession.MayCompete(record)) await CompeteAsync(record);
        }
        catch (Exception e) when (e is LogFailedException or LogDamagedException)
        {
            state.Quarantine($"its log cannot be read or written: {e.Message}", e);
        }
        catch (Exception e)
        {
            env.Events.StoreUnreachable(e);
        }
        finally
        {
            _attempting = false;
            var pause = _backoff.Next();
            _nextAttempt = _lookAgain ? TimeSpan.MinValue : env.Now + pause;
            _lookAgain = false;
            state.Settle();
        }
    }

    private async Task<GroupRecord?> ReadRecordAsync()
    {
        var promised = env.Log.PromisedEpoch;
        var wasEmpty = env.Log.Last == LogPosition.None && promised == Epoch.None;
        var record = await env.Coordinator.ReadAsync(fresh: true);
        if (record is not null)
        {
            _isUnborn = false;
            return state.Learn(record, promised) ? record : null;
        }

        if (wasEmpty) _isUnborn = env.Log.PromisedEpoch == Epoch.None;
        else state.Quarantine("its group record is missing from the store; restore the store, nothing here is dropped (I4)");
        return null;
    }

    private async Task CompeteAsync(GroupRecord record)
    {
        var claim = new MasterClaim(env.Self, env.NextClaimNumber());
        var promised = env.Log.PromisedEpoch;
        if (!succession.TryBeginCompeting()) return;
        var settled = await env.Coordinator.PromoteAsync(claim, record.Version, succession.HoldsAllOf(record)); // a failure leaves Competing set: the outcome is not known
        succession.EndCompeting();
        if (state.Learn(settled, promised) && settled.Claim == claim) await state.BecomeMasterAsync(settled);
    }

    /// <summary>After a torn tail: every other in-sync member answers, and none holds more (D4).</summary>
    private async Task<bool> OthersKnowNoMoreAsync(GroupRecord record)
    {
        foreach (var other in record.InSync)
        {
            if (other == env.Self.Node) continue;
            var status = await env.Links.StatusAsync(other).WaitAsync(env.Limits.LinkTimeout, env.Time);
            if (status.Life.Node != other || status.Birth.IsOther(env.Log.Birth)) return false; // it is another's, or cannot be compared with this log
            if ((status.Last.Epoch.Value, status.Last.Index.Value).CompareTo((env.Log.Last.Epoch.Value, env.Log.Last.Index.Value)) > 0) return false;
        }

        return true;
    }
}
