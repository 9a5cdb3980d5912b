using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Replication;

namespace Orleans.MasterSlave.Shell;

/// <summary>The callers' way in: thin, the shell decides.</summary>
internal sealed class ReplicaEndpoint(IGrainContextAccessor context) : IReplicaEndpoint
{
    private readonly ReplicaShell _shell = ReplicaShell.Of(GroupGrainContext.Unwrap(context.GrainContext));

    public Task<CallReply> ExecuteAsync(Operation operation) => _shell.ExecuteAsync(operation);

    public Task<CallReply> ReadAsync(ReadRequest request) => _shell.ReadAsync(request);

    public async Task SnapshotAsync() => await (await _shell.StartedAsync()).SnapshotAsync();

    public async Task<SkipReply> SkipAsync(SkipRequest request) => await (await _shell.StartedAsync()).SkipAsync(request);
}

/// <summary>The other replicas' way in.</summary>
internal sealed class ReplicaPeer(IGrainContextAccessor context) : IReplicaPeer
{
    private readonly ReplicaShell _shell = ReplicaShell.Of(GroupGrainContext.Unwrap(context.GrainContext));

    public async Task<AppendReply> AppendAsync(AppendRequest request) => await (await _shell.StartedAsync()).OnAppendAsync(request);

    public async Task<InstallReply> InstallAsync(InstallRequest request) => await (await _shell.StartedAsync()).OnInstallAsync(request);

    public async Task<ReplicaStatus> StatusAsync() => (await _shell.StartedAsync()).Status();

    public async Task<CreateReply> CreateAsync(GroupPlan plan) => await (await _shell.StartedAsync()).CreateAsync(plan);
}
