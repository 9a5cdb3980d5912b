using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.Journal;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Shell;

/// <summary>The author's grain as the core sees it: operations, reads and role changes, each in a turn of its own (W5, R4).</summary>
internal sealed partial class GrainObject(
    IGrainContext context, Turns turns, CallSerializer calls, Serializer serializer, TurnLimits limits, ILogger logger) : IReplicatedObject
{
    private readonly Dictionary<LogIndex, IReadOnlyList<Func<Task>>> _afterCommit = []; // what applied operations want done, until they are answered
    private readonly GrainTarget _target = new(context);

    private IReplicatedGrain Grain => (IReplicatedGrain)context.GrainInstance!;

    public Task<IReadOnlyList<byte[]>> ApplyAsync(IReadOnlyList<LogEntry> operations) =>
        turns.ExclusiveAsync(() => limits.OfOperations(() => ApplyInTurnAsync(operations), operations));

    public Task<byte[]> ReadAsync(byte[] payload) => turns.SharedAsync(async () =>
    {
        try
        {
            return await limits.OfOthers(() => ReadInTurnAsync(payload), "a [ReadOnly] call");
        }
        catch (TurnOverrunException e)
        {
            LogReadOverran(context.GrainId, e.Message);
            return calls.SerializeResponse(Response.FromException(new TimeoutException(e.Message)));
        }
    });

    public Task<byte[]> SaveStateAsync() => turns.ExclusiveAsync(() => Task.FromResult(serializer.SerializeToArray(Grain.State)));

    public async Task RestoreStateAsync(byte[]? state)
    {
        _afterCommit.Clear();
        await turns.ExclusiveAsync(() =>
        {
            Grain.State = state is null ? Activator.CreateInstance(Grain.StateType)! : serializer.Deserialize<object>(state)!;
            return Task.FromResult(true);
        });
    }

    public async Task RoleChangedAsync(ReplicaRole role)
    {
        if (role == ReplicaRole.Slave) _afterCommit.Clear();
        try
        {
            await turns.ExclusiveAsync(() => limits.OfOthers(() => Grain.ChangeRoleAsync(role), "a handler of a role change"));
        }
        catch (Exception e)
        {
            LogRoleHandlerFailed(e, context.GrainId, role);
        }
    }

    public void AnsweredOnMaster(IReadOnlyList<LogEntry> operations)
    {
        if (_afterCommit.Count == 0) return;
        foreach (var entry in operations)
            if (_afterCommit.Remove(entry.Index, out var actions)) Discarded.Observe(RunAfterCommitAsync(actions), e => LogAfterCommitFailed(e, context.GrainId));
    }

    private async Task<IReadOnlyList<byte[]>> ApplyInTurnAsync(IReadOnlyList<LogEntry> operations)
    {
        var answers = new List<byte[]>(operations.Count);
        foreach (var entry in operations) answers.Add(await ApplyAsync(entry));
        return answers;
    }

    private async Task<byte[]> ReadInTurnAsync(byte[] payload)
    {
        var call = calls.Deserialize(payload);
        using var request = call.Request;
        request.SetTarget(_target);
        return calls.SerializeResponse(await InvokeAsync(request));
    }

    private static async Task DoInTurnAsync(IReadOnlyList<Func<Task>> actions)
    {
        foreach (var action in actions) await action();
    }

    private async Task<byte[]> ApplyAsync(LogEntry entry)
    {
        var call = calls.Deserialize(entry.Payload);
        using var request = call.Request;
        request.SetTarget(_target);
        var outer = RequestContext.Entries.ToArray();
        RequestContext.Clear();
        foreach (var (key, value) in call.Context ?? []) RequestContext.Set(key, value);
        var operation = new OperationContext(entry.TimeUtc, entry.Epoch.Value, entry.Index.Value);
        try
        {
            Response response;
            using (operation.Enter(Grain)) response = await InvokeAsync(request);
            KeepAfterCommit(entry.Index, operation.AfterCommit);
            return calls.SerializeResponse(response); // within the turn: a result may alias the state
        }
        finally
        {
            RequestContext.Clear();
            foreach (var (key, value) in outer) RequestContext.Set(key, value);
        }
    }

    private void KeepAfterCommit(LogIndex index, IReadOnlyList<Func<Task>> actions)
    {
        // Only the master does them; a slave's are never asked for.
        if (actions.Count > 0 && Grain.Role == ReplicaRole.Master) _afterCommit[index] = actions;
    }

    private Task RunAfterCommitAsync(IReadOnlyList<Func<Task>> actions) =>
        turns.ExclusiveAsync(() => limits.OfOthers(() => DoInTurnAsync(actions), "an action after commit"));

    /// <summary>An exception of the application is an answer like any other (W5).</summary>
    private static async ValueTask<Response> InvokeAsync(IInvokable request)
    {
        try
        {
            return await request.Invoke();
        }
        catch (Exception e)
        {
            return Response.FromException(e);
        }
    }

    [LoggerMessage(LogLevel.Error, "Grain {Grain}: {Overrun}")]
    private partial void LogReadOverran(GrainId grain, string overrun);

    [LoggerMessage(LogLevel.Error, "Grain {Grain}: its handler for becoming {Role} failed; the replica goes on.")]
    private partial void LogRoleHandlerFailed(Exception error, GrainId grain, ReplicaRole role);

    [LoggerMessage(LogLevel.Error, "Grain {Grain}: an action after commit failed. Its operation stands.")]
    private partial void LogAfterCommitFailed(Exception error, GrainId grain);

    private sealed class GrainTarget(IGrainContext context) : ITargetHolder
    {
        public object? GetTarget() => context.GrainInstance;
        public object? GetComponent(Type componentType) => context.GetComponent(componentType);
    }
}
