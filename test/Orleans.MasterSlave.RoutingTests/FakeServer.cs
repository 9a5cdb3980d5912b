using System.Collections.Concurrent;
using System.Collections.Immutable;
using Orleans.Concurrency;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Placement;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.RoutingTests;

/// <summary>All fake groups of one cluster: views, shared states, recorded answers, and what a test wants to happen to a call.</summary>
internal sealed class FakeGroups
{
    public ConcurrentDictionary<GroupId, GroupView> Views { get; } = new();
    public ConcurrentDictionary<GroupId, object> States { get; } = new();
    public ConcurrentDictionary<(GroupId, RequestId), Task<CallReply>> Answers { get; } = new();
    public ConcurrentQueue<(GroupId Group, SiloAddress Silo, Operation? Operation, ReadRequest? Read)> Arrivals { get; } = new();
    public Func<GroupId, SiloAddress>? Create { get; set; }
    public int Lookups;

    /// <summary>Of these groups the next question to the directory is never answered.</summary>
    public ConcurrentDictionary<GroupId, bool> SilentOnce { get; } = new();
    public bool Record { get; set; } = true;

    /// <summary>Lasts until the cluster is taken down.</summary>
    public TaskCompletionSource Silence { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

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
    private static readonly CallReply Position = new() { Kind = ReplyKind.Answered, Token = new SessionToken(0, new Epoch(1), new LogIndex(1)) };
    private IReplicatedGrain Grain => (IReplicatedGrain)context.GrainInstance!;

    public async Task<CallReply> ExecuteAsync(Operation operation)
    {
        if (groups.Record) groups.Arrivals.Enqueue((_group, silo.SiloAddress, operation, null));
        if (await groups.Meddle(_group, silo.SiloAddress, true) is { } other) return other;
        var view = groups.Views[_group];
        if (!silo.SiloAddress.Equals(view.Replicas.First(r => r.Node == view.Master).Silo)) return new CallReply { Kind = ReplyKind.Redirected, View = view };
        return await groups.Answers.GetOrAdd((_group, operation.Id), _ => Execute(operation.Payload, apply: true));
    }

    public async Task<CallReply> ReadAsync(ReadRequest request)
    {
        if (request.PositionOnly) return Position; // before a client's first operation; not what these tests are about
        if (groups.Record) groups.Arrivals.Enqueue((_group, silo.SiloAddress, null, request));
        if (await groups.Meddle(_group, silo.SiloAddress, false) is { } other) return other;
        return await Execute(request.Payload, apply: false);
    }

    private async Task<CallReply> Execute(byte[] payload, bool apply)
    {
        Grain.State = groups.States.GetOrAdd(_group, _ => Activator.CreateInstance(Grain.StateType)!);
        var call = serializer.Deserialize(payload);
        call.Request.SetTarget(context);
        if (call.Context is not null) RequestContextExtensions.Import(call.Context);
        Response response;
        if (apply)
        {
            using var scope = new OperationContext(DateTime.UnixEpoch, 1, 1).Enter(Grain);
            response = await call.Request.Invoke();
        }
        else response = await call.Request.Invoke();

        return new CallReply { Kind = ReplyKind.Answered, Payload = serializer.SerializeResponse(response), Token = new SessionToken(0, new Epoch(1), new LogIndex(1)) };
    }
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
