using System.Collections.Immutable;
using System.Security.Cryptography;
using Orleans.MasterSlave.Simulated.Checks;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Simulated.Network;
using Orleans.MasterSlave.Simulated.Runs;
using Orleans.MasterSlave.Simulated.Store;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Nodes;

/// <summary>One group of a run, and who watches it.</summary>
internal sealed record SimGroup(int Index, GroupPlan Plan, GroupChecker Checker)
{
    public GroupId Id => Plan.Group;
}

/// <summary>Nodes, network, store and groups of one run.</summary>
internal sealed class SimCluster
{
    private readonly SimNode[] _nodes;
    private long _places, _stamps, _keys;

    public SimCluster(SimWorld world, SimulationOptions options)
    {
        World = world;
        Draws = new DrawChecker(world);
        Options = options;
        if (options.ImportsFirstState) OldState = new OldState();
        Network = new SimNetwork(world, options.Weather) { SiloOf = index => _nodes![index].Silo is { IsUp: true } silo ? silo : null };
        Store = new SimStore(world) { UnknownOutcomes = options.UnknownOutcomes, Slowness = options.StoreSlowness };
        Store.Landed = (next, before) => Groups![IndexOf(next.Group)].Checker.Swapped(next, before);
        var random = world.Random.Fork();
        _nodes = [.. Enumerable.Range(0, options.Nodes).Select(i => new SimNode(this, i, random))];
        Groups = [.. options.Groups.Select((g, i) => Make(i, g))];
    }

    public SimWorld World { get; }
    public SimulationOptions Options { get; }
    public SimNetwork Network { get; }
    public SimStore Store { get; }
    public DrawChecker Draws { get; }
    public IReadOnlyList<SimNode> Nodes => _nodes;
    public IReadOnlyList<SimGroup> Groups { get; }

    /// <summary>Null: the grains were never anything but replicated.</summary>
    public OldState? OldState { get; }

    /// <summary>The scenario provokes quarantines.</summary>
    public bool MayQuarantine { get; set; }

    /// <summary>The scenario lets states differ.</summary>
    public bool MayDiffer { get; set; }

    /// <summary>The scenario starts disks that are not the newest.</summary>
    public bool MayRefuseStarts { get; set; }

    /// <summary>Nodes whose silos lack the grain's class.</summary>
    public HashSet<NodeId> WithoutClass { get; } = [];

    public string NewPlace() => $"place {++_places}";

    /// <summary>Two processes with the same bytes draw different ones.</summary>
    public Guid NewStamp() => new((int)(++_stamps >> 32), (short)(_stamps >> 16), (short)_stamps, [0, 0, 0, 0, 0, 0, 0, 1]);

    /// <summary>Each is another, and the same in every run; it takes nothing from the run's random numbers.</summary>
    public DrawKey NewDrawKey() => new(SHA256.HashData(BitConverter.GetBytes(++_keys)));

    /// <summary>A process has become the node: what is sent to the node comes to it.</summary>
    public void Became(SimNode node)
    {
        if (_nodes[node.Index] == node) return;
        World.Count("copy became the node");
        World.Note("copy became the node", node.Index);
        _nodes[node.Index] = node;
    }

    public int IndexOf(GroupId group) => Groups.First(g => g.Id == group).Index;

    /// <summary>Where a node runs today, as every silo knows it from its membership.</summary>
    public NodeAddress Locate(NodeId node) =>
        Nodes[SimIds.IndexOf(node)] is { LastUp: > 0 } it ? new NodeAddress(it.LastUp, SimIds.Address(it.Index, it.LastUp), IsDown: it.Silo is not { IsUp: true }) : default;

    public void StartAll()
    {
        foreach (var node in Nodes) node.Start();
    }

    /// <summary>Why a group is not yet at rest: served, all replicas in sync, everything applied everywhere; null: it is.</summary>
    public string? Unrest(SimGroup group)
    {
        if (Store.Record(group.Id) is not { } record) return "there is no record";
        if (record.Replicas.Length != group.Plan.Replicas.Length) return $"too few replicas: {record}";
        if (record.InSync.Length != record.Replicas.Length) return $"not all in sync: {record}";
        var replicas = record.Replicas.Select(n => Nodes[SimIds.IndexOf(n)].Silo?.OfOrNull(group.Index)).ToList();
        if (replicas.Any(r => r is null)) return "a node is down";
        var master = Nodes[SimIds.IndexOf(record.Master)].Silo!.OfOrNull(group.Index)!;
        if (!master.Replica.IsServing) return $"the master does not serve: {record}; {master.Replica.Status()}";
        var last = master.Disk.Last;
        return replicas.FirstOrDefault(r => r!.Disk.Last != last || r.Replica.Status().Committed != last.Index) is { } behind
            ? $"master {master.Replica.Status()}; behind: {behind.Replica.Status()}"
            : null;
    }

    public string Describe(SimGroup group) =>
        $"{group.Plan.Mode} {Store.Record(group.Id)} {string.Join("; ", Nodes.Select(n => n.Silo?.OfOrNull(group.Index)?.Replica).Where(r => r is not null).Select(r => $"serves {r!.IsServing} {r.Status()}"))}";

    private SimGroup Make(int index, GroupShape shape)
    {
        var replicas = Enumerable.Range(0, shape.Replicas).Select(i => SimIds.Node((index + i) % Options.Nodes)).ToImmutableArray();
        var plan = new GroupPlan(SimIds.Group(index), replicas, shape.Mode, shape.MinInSync);
        return new SimGroup(index, plan, new GroupChecker(World, plan, node => Nodes[node].ContentsOf(index)));
    }
}
