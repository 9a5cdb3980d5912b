using System.Collections.Concurrent;
using System.Collections.Immutable;
using Orleans.Concurrency;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Placement;
using Orleans.MasterSlave.Shell;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.RoutingTests;

/// <summary>A call that came to a replica, also when it is not answered.</summary>
internal sealed record Arrival(GroupId Group, SiloAddress Silo, Operation? Operation, ReadRequest? Read, SiloAddress? Relay);

/// <summary>All fake groups of one cluster: views, shared states, recorded answers, and what a test wants to happen to a call.</summary>
internal sealed class FakeGroups
{
    public ConcurrentDictionary<GroupId, GroupView> Views { get; } = new();
    public ConcurrentDictionary<GroupId, object> States { get; } = new();
    public ConcurrentDictionary<(GroupId, RequestId), Task<CallReply>> Answers { get; } = new();
    public ConcurrentQueue<Arrival> Arrivals { get; } = new();
    public Func<GroupId, SiloAddress>? Create { get; set; }
    public int Lookups;

    /// <summary>Of these groups the next question to the directory is never answered.</summary>
    public ConcurrentDictionary<GroupId, bool> SilentOnce { get; } = new();
    public bool Record { get; set; } = true;

    /// <summary>Lasts until the cluster is taken down.</summary>
    public TaskCompletionSource Silence { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Is what this relay (null: none, directly) sends to that silo lost? Such calls are never answered.</summary>
    public Func<GroupId, SiloAddress?, SiloAddress, bool> IsLost { get; set; } = (_, _, _) => false;

    /// <summary>What the first silo knows of the second one.</summary>
    public Func<SiloAddress, SiloAddress, Reach> Reach { get; set; } = (_, _) => Contracts.Reach.Heard;

    /// <summary>Pings, by group: whether each came directly.</summary>
    public ConcurrentQueue<GroupId> Pings { get; } = new();

    /// <summary>Before a call is looked at: a reply of the test's own, or null to go on.</summary>
    public Func<GroupId, SiloAddress, bool, Task<CallReply?>> Meddle { get; set; } = (_, _, _) => Task.FromResult<CallReply?>(null);

    public GroupView ViewOf(GroupId group, params SiloAddress[] silos) => Views[group] = new GroupView(
        group, new Epoch(1), 1, NodeOf(silos[0]), [.. silos.Select(silo => new ReplicaAddress(NodeOf(silo), silo, InSync: true))]);

    public GroupView Promote(GroupId group, SiloAddress master) => Views[group] = Views[group] with
    {
        Epoch = Views[group].Epoch.Next(), Version = Views[group].Version + 1, Master = NodeOf(master),
    };

    public static NodeId NodeOf(SiloAddress silo) => new(new Guid(silo.GetConsistentHashCode(), 0, 0, new byte[8]));
}

/// <summary>Executes on the activation at once; no log, no replication: one state for all replicas.</summary>
internal sealed class FakeReplica(IGrainContext context, ILocalSiloDetails silo, FakeGroups groups, CallSerializer serializer) : IReplicaEndpoint
{
    private readonly GroupId _group = new(ReplicaKey.GroupOf(context.GrainId));
    private readonly RunningReads _reads = new();
    private static readonly CallReply Position = new() { Kind = ReplyKind.Answered, Token = new SessionToken(0, new Epoch(1), new LogIndex(1)) };
    private IReplicatedGrain Grain => (IReplicatedGrain)context.GrainInstance!;

    public async Task<CallReply> ExecuteAsync(Operation operation)
    {
        await ArriveAsync(operation, null);
        if (await groups.Meddle(_group, silo.SiloAddress, true) is { } other) return other;
        var view = groups.Views[_group];
        if (!silo.SiloAddress.Equals(view.Replicas.First(r => r.Node == view.Master).Silo)) return new CallReply { Kind = ReplyKind.Redirected, View = view };
        var reply = await groups.Answers.GetOrAdd((_group, operation.Id), _ => Execute(operation.Payload, apply: true));
        return operation.SeenVersion > 0 && view.Version > operation.SeenVersion ? reply.With(view) : reply;
    }

    public Task<CallReply> ReadAsync(ReadRequest request) => _reads.RunAsync(request, ReadOnceAsync);

    private async Task<CallReply> ReadOnceAsync(ReadRequest request)
    {
        if (request.PositionOnly)
        {
            groups.Pings.Enqueue(_group);
            if (groups.IsLost(_group, RelayMark.Current, silo.SiloAddress)) await groups.Silence.Task;
            return Position; // before a client's first operation, or to see whether a way works
        }

        await ArriveAsync(null, request);
        if (await groups.Meddle(_group, silo.SiloAddress, false) is { } other) return other;
        return await Execute(request.Payload, apply: false);
    }

    public Task<SkipReply> SkipAsync(SkipRequest request) => Task.FromResult(new SkipReply());

    private async Task ArriveAsync(Operation? operation, ReadRequest? read)
    {
        var relay = RelayMark.Current;
        if (groups.Record) groups.Arrivals.Enqueue(new Arrival(_group, silo.SiloAddress, operation, read, relay));
        if (groups.IsLost(_group, relay, silo.SiloAddress)) await groups.Silence.Task;
    }

    public Task SnapshotAsync() => throw new NotSupportedException();

    private async Task<CallReply> Execute(byte[] payload, bool apply)
    {
        Grain.State = groups.States.GetOrAdd(_group, _ => Activator.CreateInstance(Grain.StateType)!);
        var call = serializer.Deserialize(payload);
        call.Request.SetTarget(context);
        if (call.Context is not null) RequestContextExtensions.Import(call.Context);
        Response response;
        if (apply)
        {
            using var scope = new OperationContext(DateTime.UnixEpoch, new DrawKey(new byte[DrawKey.Bytes]), 1, 1).Enter(Grain);
            response = await call.Request.Invoke();
        }
        else response = await call.Request.Invoke();

        return new CallReply { Kind = ReplyKind.Answered, Payload = serializer.SerializeResponse(response), Token = new SessionToken(0, new Epoch(1), new LogIndex(1)) };
    }
}

/// <summary>Marks what a relay sends on, so that a replica sees by which it came.</summary>
internal sealed class RelayMark(ILocalSiloDetails silo) : IIncomingGrainCallFilter
{
    private const string Name = "test.relay";

    public static SiloAddress? Current => RequestContext.Get(Name) is string silo ? SiloAddress.FromParsableString(silo) : null;

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.Grain is RelayGrain) RequestContext.Set(Name, silo.SiloAddress.ToParsableString());
        return context.Invoke();
    }
}

internal sealed class FakeReachability(ILocalSiloDetails silo, FakeGroups groups) : IReachability
{
    public TimeSpan Interval => TimeSpan.FromMilliseconds(50);

    public Reach Of(SiloAddress other) => groups.Reach(silo.SiloAddress, other);
}

[GrainType("test.group-directory"), LocalToCaller, Reentrant]
internal sealed class FakeGroupDirectory(FakeGroups groups) : Grain, IGroupDirectoryGrain
{
    public async Task<GroupView> ResolveAsync(GroupId group, long refusedVersion)
    {
        Interlocked.Increment(ref groups.Lookups);
        if (groups.SilentOnce.TryRemove(group, out _)) await groups.Silence.Task;
        return groups.Views[group];
    }
}
