using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Store;

/// <summary>What may befall a swap, besides being done or refused.</summary>
internal enum SwapFate
{
    Answered,
    LostReply,
    LandsLater,
    NeverLands,

    /// <summary>It lands, and the call never ends.</summary>
    LandsAndHangs,

    /// <summary>It does not land, and the call never ends.</summary>
    Hangs,
}

/// <summary>
/// The rows, swapped atomically on their ETags. A swap may land and its reply be lost, land later (also after reads that showed the old ETag), or
/// never. Tells <see cref="Landed"/> of each swap that took effect.
/// </summary>
internal sealed class SimStore(SimWorld world)
{
    private readonly SimRandom _random = world.Random.Fork();
    private readonly Dictionary<GroupId, StoredGroup> _rows = [];
    private readonly Dictionary<NodeId, StoredNode> _nodes = [];
    private long _etags;

    public double UnknownOutcomes { get; set; }
    public double Slowness { get; set; }
    public bool IsDown { get; set; }

    /// <summary>How likely a read or a swap is never to be answered, nor to fail.</summary>
    public double Hangs { get; set; }

    /// <summary>For scripted histories: nodes whose reads and swaps are never answered; the swaps do not land.</summary>
    public HashSet<int> HangsFor { get; } = [];

    /// <summary>Nodes that do not reach the store, while others do.</summary>
    public HashSet<int> CutOff { get; } = [];
    public Action<GroupRecord, GroupRecord?> Landed { get; set; } = (_, _) => { };

    /// <summary>For scripted histories: the fate of the next swaps; null goes by chance.</summary>
    public Func<GroupRecord, SwapFate?>? FateOf { get; set; }

    /// <summary>For scripted histories: the same of nodes' rows.</summary>
    public Func<NodeRecord, SwapFate?>? NodeFateOf { get; set; }

    /// <summary>For scripted histories: how long each way between a node and the store takes; null goes by chance.</summary>
    public Func<int, TimeSpan?>? TripOf { get; set; }

    public TimeSpan LandsAfter { get; set; } = TimeSpan.Zero;

    public GroupRecord? Record(GroupId group) => _rows.GetValueOrDefault(group)?.Record;

    /// <summary>For scripted histories: a row as an old backup had it.</summary>
    public void Restore(GroupRecord record) => _rows[record.Group] = new StoredGroup(record, $"{++_etags}");
    public void Forget(GroupId group) => _rows.Remove(group);

    public NodeRecord? Node(NodeId node) => _nodes.GetValueOrDefault(node)?.Record;

    /// <summary>For scripted histories: a node's row as an old backup had it; null: it had none.</summary>
    public void Restore(NodeId node, NodeRecord? record)
    {
        if (record is null) _nodes.Remove(node);
        else _nodes[node] = new StoredNode(record, $"{++_etags}");
    }

    /// <summary>The store as one process sees it.</summary>
    public View For(SimLane lane, int node) => new(this, lane, node);

    private Task<T?> ReadAsync<T>(SimLane lane, int node, Func<T?> read) where T : class
    {
        var done = new TaskCompletionSource<T?>();
        if (Hang(node)) return done.Task;
        world.After(Trip(node), () =>
        {
            var failed = IsDown || CutOff.Contains(node) || _random.Chance(UnknownOutcomes / 4);
            var row = read();
            world.After(Trip(node), () => Answer(lane, done, failed, row));
        });
        return done.Task;
    }

    private Task<T?> SwapAsync<T>(SimLane lane, int node, SwapFate fate, Func<T?> swap) where T : class
    {
        var done = new TaskCompletionSource<T?>();
        if (fate != SwapFate.Answered) world.Count("swap with unknown outcome");
        world.After(Trip(node), () =>
        {
            T? swapped = null;
            if (fate is SwapFate.Answered or SwapFate.LostReply or SwapFate.LandsAndHangs) swapped = swap();
            if (fate == SwapFate.LandsLater)
            {
                var after = LandsAfter > TimeSpan.Zero ? LandsAfter : _random.Milliseconds(1, 4_000);
                world.After(after, () =>
                {
                    if (swap() is not null) world.Count("swap landed late");
                });
            }

            if (fate < SwapFate.LandsAndHangs) world.After(Trip(node), () => Answer(lane, done, fate != SwapFate.Answered, swapped));
        });
        return done.Task;
    }

    private SwapFate Draw(int node)
    {
        if (Hang(node)) return !HangsFor.Contains(node) && _random.Chance(0.5) ? SwapFate.LandsAndHangs : SwapFate.Hangs;
        return IsDown || CutOff.Contains(node) || _random.Chance(UnknownOutcomes) ? (SwapFate)(1 + _random.Below(3)) : SwapFate.Answered;
    }

    private bool Hang(int node)
    {
        if (!HangsFor.Contains(node) && (Hangs == 0 || !_random.Chance(Hangs))) return false; // draws nothing where it cannot happen
        world.Count("store call that hangs");
        return true;
    }

    private StoredGroup? Swap(GroupRecord next, string? expected)
    {
        var row = _rows.GetValueOrDefault(next.Group);
        if (row?.ETag != expected) return null;
        Landed(next, row?.Record);
        world.Note("swap", next.Epoch.Value, next.Version, next.InSync.Length, next);
        return _rows[next.Group] = new StoredGroup(next, $"{++_etags}");
    }

    private StoredNode? Swap(NodeRecord next, string? expected)
    {
        if (_nodes.GetValueOrDefault(next.Life.Node)?.ETag != expected) return null;
        world.Note("node row", Nodes.SimIds.IndexOf(next.Life.Node), next.Life.StartCount, next.Renewal, next);
        return _nodes[next.Life.Node] = new StoredNode(next, $"{++_etags}");
    }

    private static void Answer<T>(SimLane lane, TaskCompletionSource<T?> done, bool failed, T? row) where T : class =>
        lane.Post(() =>
        {
            if (failed) done.TrySetException(new TimeoutException("The simulated store did not answer in time."));
            else done.TrySetResult(row);
        });

    private TimeSpan Trip(int node) => TripOf?.Invoke(node) ?? Trip();

    private TimeSpan Trip() => _random.Chance(Slowness) ? _random.Milliseconds(20, 600) : _random.Milliseconds(0.2, 4);

    internal sealed class View(SimStore store, SimLane lane, int node) : IGroupStore, INodeStore
    {
        public Task<StoredGroup?> ReadAsync(GroupId group) => store.ReadAsync(lane, node, () => store._rows.GetValueOrDefault(group));

        public Task<StoredGroup?> SwapAsync(GroupRecord next, string? expectedETag) =>
            store.SwapAsync(lane, node, store.FateOf?.Invoke(next) ?? store.Draw(node), () => store.Swap(next, expectedETag));

        public Task<StoredNode?> ReadAsync(NodeId of) => store.ReadAsync(lane, node, () => store._nodes.GetValueOrDefault(of));

        public Task<StoredNode?> SwapAsync(NodeRecord next, string? expectedETag) =>
            store.SwapAsync(lane, node, store.NodeFateOf?.Invoke(next) ?? store.Draw(node), () => store.Swap(next, expectedETag));
    }
}
