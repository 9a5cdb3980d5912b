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

    /// <summary>For scripted histories: how long each way between a node and the store takes; null goes by chance.</summary>
    public Func<int, TimeSpan?>? TripOf { get; set; }

    public TimeSpan LandsAfter { get; set; } = TimeSpan.Zero;

    public GroupRecord? Record(GroupId group) => _rows.GetValueOrDefault(group)?.Record;

    /// <summary>For scripted histories: a row as an old backup had it.</summary>
    public void Restore(GroupRecord record) => _rows[record.Group] = new StoredGroup(record, $"{++_etags}");
    public void Forget(GroupId group) => _rows.Remove(group);

    /// <summary>The store as one process sees it.</summary>
    public IGroupStore For(SimLane lane, int node) => new View(this, lane, node);

    private Task<StoredGroup?> ReadAsync(SimLane lane, int node, GroupId group)
    {
        var done = new TaskCompletionSource<StoredGroup?>();
        if (Hang(node)) return done.Task;
        world.After(Trip(node), () =>
        {
            var failed = IsDown || CutOff.Contains(node) || _random.Chance(UnknownOutcomes / 4);
            var row = _rows.GetValueOrDefault(group);
            world.After(Trip(node), () => Answer(lane, done, failed, row));
        });
        return done.Task;
    }

    private Task<StoredGroup?> SwapAsync(SimLane lane, int node, GroupRecord next, string? expected)
    {
        var done = new TaskCompletionSource<StoredGroup?>();
        var fate = FateOf?.Invoke(next) ?? Draw(node);
        if (fate != SwapFate.Answered) world.Count("swap with unknown outcome");
        world.After(Trip(node), () =>
        {
            StoredGroup? swapped = null;
            if (fate is SwapFate.Answered or SwapFate.LostReply or SwapFate.LandsAndHangs) swapped = Swap(next, expected);
            if (fate == SwapFate.LandsLater)
            {
                var after = LandsAfter > TimeSpan.Zero ? LandsAfter : _random.Milliseconds(1, 4_000);
                world.After(after, () =>
                {
                    if (Swap(next, expected) is not null) world.Count("swap landed late");
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

    private static void Answer(SimLane lane, TaskCompletionSource<StoredGroup?> done, bool failed, StoredGroup? row) =>
        lane.Post(() =>
        {
            if (failed) done.TrySetException(new TimeoutException("The simulated store did not answer in time."));
            else done.TrySetResult(row);
        });

    private TimeSpan Trip(int node) => TripOf?.Invoke(node) ?? Trip();

    private TimeSpan Trip() => _random.Chance(Slowness) ? _random.Milliseconds(20, 600) : _random.Milliseconds(0.2, 4);

    private sealed class View(SimStore store, SimLane lane, int node) : IGroupStore
    {
        public Task<StoredGroup?> ReadAsync(GroupId group) => store.ReadAsync(lane, node, group);
        public Task<StoredGroup?> SwapAsync(GroupRecord next, string? expectedETag) => store.SwapAsync(lane, node, next, expectedETag);
    }
}
