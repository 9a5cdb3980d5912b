using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// Makes a starting process its node, by the node's row (I2). It never takes the row from a process that may still act on it: it watches
/// for as long as that one's lease may last, and gives up when the row moves.
/// </summary>
internal sealed class NodeStart(NodeLife life, INodeStore store, INodeFolder folder, NodeLeaseSettings settings, TimeProvider time, Func<Guid> newStamp, INodeLeaseEvents events)
{
    private readonly Guid _nonce = newStamp(); // also the stamp of the first write
    private bool _provedDead;
    private NodeRecord? _attempt;
    private TimeSpan _firstSent;
    private DateTime _firstSentUtc;

    private TimeSpan Now => time.GetElapsedTime(0);
    private DateTime UtcNow => time.GetUtcNow().UtcDateTime;

    /// <summary>The lease of this process, held. May be called again after an exception of the store.</summary>
    /// <exception cref="MasterSlaveConfigurationException">Another process is the node, or the folder is not the newest.</exception>
    public async Task<NodeLease> RunAsync(CancellationToken stopped)
    {
        while (true)
        {
            var row = await ReadAsync();
            if (_attempt is not null && row?.Record.Stamp == _attempt.Stamp) return Begin(row, _firstSent, _firstSentUtc);
            var step = NodePolicy.Start(row?.Record, folder.Memory, folder.Place);
            if (step == NodeStartStep.RefuseNewer)
                throw new MasterSlaveConfigurationException($"The row of node {life.Node} is of format level {row!.Record.Level}, and this version knows {FormatLevel.Known}: start this silo with the newer version.");
            if (step == NodeStartStep.RefuseCopy) throw Copy(row!.Record);
            var wentBack = NodePolicy.WentBack(row?.Record, folder.Memory);
            _provedDead = step == NodeStartStep.Claim;
            if (step == NodeStartStep.Watch) await WatchAsync(row, stopped);
            if (wentBack)
            {
                var what = $"its row is {row?.Record.ToString() ?? "missing"}, and renewal {folder.Memory.Confirmed!.Renewal} was written";
                folder.RememberStoreWentBack(what);
                events.StoreWentBack(what);
            }

            if (await ClaimAsync(row) is { } lease) return lease;
        }
    }

    /// <summary>By the clocks of both, nobody acts any more on a row that has not moved for so long.</summary>
    private async Task WatchAsync(StoredNode? row, CancellationToken stopped)
    {
        var lease = row?.Record.Lease ?? settings.Lease;
        var until = Now + NodePolicy.WatchFor(lease);
        events.Watching(row?.Record, until - Now);
        while (Now < until)
        {
            var rest = until - Now;
            await Task.Delay(rest < settings.Look ? rest : settings.Look, time, stopped);
            var now = await ReadAsync();
            if (now?.ETag != row?.ETag && now?.Record.Stamp != row?.Record.Stamp && folder.Memory.Find(now?.Record.Stamp ?? Guid.Empty) is null) throw InUse(now?.Record);
        }
    }

    /// <summary>Null: the row moved.</summary>
    private async Task<NodeLease?> ClaimAsync(StoredNode? row)
    {
        var renewal = Math.Max(row?.Record.Renewal ?? 0, folder.Memory.Confirmed?.Renewal ?? 0) + 1;
        var attempt = _attempt ??= new NodeRecord
        {
            Life = life,
            Nonce = _nonce,
            Renewal = renewal,
            Stamp = _nonce,
            Lease = settings.Lease,
            Use = NodeUse.Running,
            Place = folder.Place,
        };
        folder.Keep(folder.Memory.Sending(NodeWrite.Of(attempt)));
        var (sent, sentUtc) = (Now, UtcNow);
        if (_firstSent == TimeSpan.Zero) (_firstSent, _firstSentUtc) = (sent, sentUtc);
        var swapped = await store.SwapAsync(attempt, row?.ETag).WaitAsync(settings.CallLimit, time);
        return swapped is null ? null : Begin(swapped, sent, sentUtc);
    }

    private NodeLease Begin(StoredNode row, TimeSpan sent, DateTime sentUtc)
    {
        folder.Keep(NodeMemory.Landed(NodeWrite.Of(row.Record)));
        return new NodeLease(row, store, folder, settings, time, newStamp, events, sent, sentUtc) { EarlierLifeProvedDead = _provedDead };
    }

    private async Task<StoredNode?> ReadAsync() => await store.ReadAsync(life.Node).WaitAsync(settings.CallLimit, time);

    private MasterSlaveConfigurationException Copy(NodeRecord row) => new(
        $"The log directory of node {life.Node} is a copy, or was restored from a backup: the node's row is {row}, and this directory does not know of it. What the node " +
        "acknowledged since may be missing from it. Put the newest directory back. If that is lost, give the silo an empty one: it starts as a new node, and the groups " +
        "of the old one go on with a replica fewer.");

    private MasterSlaveConfigurationException InUse(NodeRecord? row) => new(
        $"Another process runs with the identity of node {life.Node}, and this log directory is a copy of its own: the node's row moved to {row?.ToString() ?? "nothing"} while " +
        "this process watched it. Each silo must have a directory of its own: give this one an empty one.");
}
