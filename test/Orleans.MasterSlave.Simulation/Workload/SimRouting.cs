using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Placement;
using Orleans.MasterSlave.Routing;
using Orleans.MasterSlave.Simulated.Network;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.World;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Simulated.Workload;

/// <summary>
/// The product's own calling side, as one client process has it, with the default options; and the gateways and relays that its
/// messages pass through. As in Orleans, messages to one id always take
/// the same gateway, dealt out in turn at the first one; it is given up when its process is dead, and not when it is merely silent.
/// </summary>
internal sealed class SimRouting
{
    private readonly SimCluster _cluster;
    private readonly Dictionary<string, int> _gateways = [];
    private int _next;

    public SimRouting(SimCluster cluster, SimRandom random)
    {
        _cluster = cluster;
        _next = random.Below(cluster.Nodes.Count);
        var time = cluster.World.Time;
        var times = ClientTimes.From(new MasterSlaveClientOptions());
        var factory = Factory.Over(this);
        var relays = new Relays(time, new Random(random.Below(int.MaxValue)));
        var gone = new GoneSilos();
        var sender = new AttemptSender(factory, gone, times, time);
        Times = times;
        Rerouter = new CallRerouter(
            sender, new ReadQuestions(sender, times), new DirectWays(relaysPossible: true, times.Attempt, time, NullLogger<DirectWays>.Instance), relays,
            new RelayScout(factory, relays, times, time), new SuspectSilos(time), gone, times, time, NullLogger<CallRerouter>.Instance);
    }

    public CallRerouter Rerouter { get; }
    public ClientTimes Times { get; }

    private Task<T> SendAsync<T>(string id, object request, Func<SimSilo, Task<T>> handle)
    {
        if (!_gateways.TryGetValue(id, out var gateway) || _cluster.Nodes[gateway].Silo is not { IsUp: true }) _gateways[id] = gateway = _next++ % _cluster.Nodes.Count;
        return _cluster.Network.CallAsync(SimNetwork.Clients, _cluster.World.Scheduler.World, gateway, request, handle);
    }

    /// <summary>From a silo to a replica, there or elsewhere. At an address of an earlier life nobody answers.</summary>
    private Task<CallReply> ForwardAsync(SimSilo from, GrainId replica, object request)
    {
        if (!ReplicaGrainId.TryParse(replica, out var id, out var address)) throw new InvalidOperationException($"{replica} names no silo.");
        var ((node, life), group) = (SimIds.LifeAt(address), _cluster.Groups[_cluster.IndexOf(id)]);
        _cluster.World.Note("attempt", from.Index, node, 0, id);
        return from.Index == node ? ServeAsync(from) : _cluster.Network.CallAsync(from.Index, from.Lane, node, request, ServeAsync);

        Task<CallReply> ServeAsync(SimSilo silo)
        {
            if (silo.Liveness.Self.StartCount != life) return new TaskCompletionSource<CallReply>().Task;
            return request is Operation operation ? silo.ExecuteAsync(group, operation) : silo.ReadAsync(group, (ReadRequest)request);
        }
    }

    /// <summary>What the directory on a gateway says: the row, and where its nodes are.</summary>
    private async Task<GroupView> DirectoryAsync(SimSilo silo, GroupId group)
    {
        if (await _cluster.Store.For(silo.Lane, silo.Index).ReadAsync(group) is not { Record: var record }) throw new IOException("There is no record yet.");
        return new GroupView(group, record.Epoch, record.Version, record.Master, [.. record.Replicas.Select(n => Address(n, record))]) { Birth = record.Birth };
    }

    private ReplicaAddress Address(NodeId node, GroupRecord record) =>
        _cluster.Locate(node) is var at ? new ReplicaAddress(node, at.Silo, record.IsInSync(node), at.StartCount, at.IsDown) : null!;

    private sealed class Endpoint(SimRouting routing, GrainId replica) : IReplicaEndpoint
    {
        public Task<CallReply> ExecuteAsync(Operation operation) => routing.SendAsync($"{replica}", operation, gateway => routing.ForwardAsync(gateway, replica, operation));

        public Task<CallReply> ReadAsync(ReadRequest request) => routing.SendAsync($"{replica}", request, gateway => routing.ForwardAsync(gateway, replica, request));

        public Task SnapshotAsync() => throw new NotSupportedException();

        public Task<SkipReply> SkipAsync(SkipRequest request) => throw new NotSupportedException("Operators ask replicas past the network.");
    }

    private sealed class Directory(SimRouting routing, string key) : IGroupDirectoryGrain
    {
        public Task<GroupView> ResolveAsync(GroupId group, long refusedVersion) => routing.SendAsync($"directory {key}", group, gateway => routing.DirectoryAsync(gateway, group));
    }

    private sealed class Relay(SimRouting routing, string key) : IRelayGrain
    {
        public Task<CallReply> ExecuteAsync(GrainId replica, Operation operation, TimeSpan patience) => CarryAsync(replica, operation, patience);

        public Task<CallReply> ReadAsync(GrainId replica, ReadRequest request, TimeSpan patience) => CarryAsync(replica, request, patience);

        public Task<GroupView> ResolveAsync(GroupId group, long refusedVersion) => routing.SendAsync($"relay {key}", group, gateway => routing.DirectoryAsync(gateway, group));

        public Task<SiloAddress> WhereAsync() => routing.SendAsync($"relay {key}", key, gateway => Task.FromResult(AddressOf(gateway)));

        private Task<CallReply> CarryAsync(GrainId replica, object request, TimeSpan patience) => routing.SendAsync($"relay {key}", request, gateway =>
        {
            ReplicaGrainId.TryParse(replica, out _, out var to);
            return new CallCarrier(new Reachability(routing._cluster, gateway), AddressOf(gateway), routing._cluster.World.Time)
                .CarryAsync(
                    to!, () => routing.ForwardAsync(gateway, replica, request), patience,
                    request is ReadRequest { PositionOnly: false } read ? () => routing.ForwardAsync(gateway, replica, read.Question()) : null);
        });

        private static SiloAddress AddressOf(SimSilo silo) => SimIds.Address(silo.Index, silo.Liveness.Self.StartCount);
    }

    /// <summary>By heartbeats, and by a membership that knows a node's new life at once, and of no death before.</summary>
    private sealed class Reachability(SimCluster cluster, SimSilo silo) : IReachability
    {
        public TimeSpan Interval => silo.Liveness.Times.HeartbeatInterval;

        public Reach Of(SiloAddress other)
        {
            var (node, life) = SimIds.LifeAt(other);
            return cluster.Nodes[node].StartCount > life ? Reach.Gone : silo.Liveness.ReachOf(SimIds.Node(node));
        }
    }

    /// <summary>Of Orleans' factory only what the calling side uses.</summary>
    internal class Factory : DispatchProxy
    {
        private SimRouting _routing = null!;

        public static IGrainFactory Over(SimRouting routing)
        {
            var factory = Create<IGrainFactory, Factory>();
            ((Factory)(object)factory)._routing = routing;
            return factory;
        }

        protected override object? Invoke(MethodInfo? method, object?[]? args) => (method!.IsGenericMethod ? method.GetGenericArguments()[0].Name : "", args![0]) switch
        {
            (nameof(IReplicaEndpoint), GrainId replica) => new Endpoint(_routing, replica),
            (nameof(IRelayGrain), string key) => new Relay(_routing, key),
            (nameof(IGroupDirectoryGrain), string key) => new Directory(_routing, key),
            _ => throw new NotSupportedException($"{method}"),
        };
    }
}
