using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Works out what of a replica's log is durable from the batch numbers of its appends, when it is asked: so an append costs no continuation.
/// Used by the replica's thread only.
/// </summary>
internal sealed class DurableMarks(GroupCommit log, LogIndex index, Epoch promised)
{
    private readonly Queue<(long Batch, LogIndex Index)> _appended = [];
    private readonly Queue<(long Batch, Epoch Epoch)> _promises = [];
    private LogIndex _index = index;
    private Epoch _promised = promised;

    public LogIndex Index
    {
        get
        {
            var durable = log.DurableBatch;
            while (_appended.TryPeek(out var next) && next.Batch <= durable) _index = _appended.Dequeue().Index;
            return _index;
        }
    }

    public Epoch Promised
    {
        get
        {
            var durable = log.DurableBatch;
            while (_promises.TryPeek(out var next) && next.Batch <= durable) _promised = _promises.Dequeue().Epoch;
            return _promised;
        }
    }

    public void Appended(long batch, LogIndex last) => _appended.Enqueue((batch, last));

    public void PromiseMade(long batch, Epoch epoch) => _promises.Enqueue((batch, epoch));

    /// <summary>Nothing from an index on counts as durable any more, whenever it becomes so.</summary>
    public void CutFrom(LogIndex from)
    {
        var last = from.Previous();
        _ = Index;
        for (var i = _appended.Count; i > 0; i--)
        {
            var (batch, index) = _appended.Dequeue();
            _appended.Enqueue((batch, LogIndex.Min(index, last)));
        }

        _index = LogIndex.Min(_index, last);
    }

    /// <summary>The log begins anew at an index that becomes durable with a batch.</summary>
    public void Installed(long batch, LogIndex at)
    {
        CutFrom(LogIndex.Min(Index, at).Next());
        _appended.Enqueue((batch, at));
    }
}
