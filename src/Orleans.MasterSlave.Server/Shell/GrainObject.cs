using System.IO.Hashing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.Filters;
using Orleans.MasterSlave.Journal;
using Orleans.Metadata;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Shell;

/// <summary>The author's grain as the core sees it: operations, reads and role changes, each in a turn of its own (W5, R4).</summary>
internal sealed partial class GrainObject : IReplicatedObject
{
    private readonly IGrainContext _context;
    private readonly Turns _turns;
    private readonly CallSerializer _calls;
    private readonly Serializer _serializer;
    private readonly TurnLimits _limits;
    private readonly ILogger _logger;
    private readonly Answers _answers;
    private readonly HashSet<string> _unserializable = []; // calls that were told of
    private readonly Dictionary<RequestId, (byte[] Payload, CallPayload Call)> _admitted = []; // read, and not applied yet
    private readonly Dictionary<LogIndex, IReadOnlyList<Func<Task>>> _afterCommit = []; // what applied operations want done, until they are answered
    private readonly GrainId _group; // as callers name it: the same on every replica
    private readonly GrainTarget _target;
    private readonly IEntryMarks _marks;
    private readonly IncomingFilters _filters;
    private readonly GrainInterfaceTypeResolver _interfaces;

    public GrainObject(
        IGrainContext context, Turns turns, CallSerializer calls, Serializer serializer, TurnLimits limits, IncomingFilters filters, IEntryMarks marks, ILogger logger)
    {
        (_context, _turns, _calls, _serializer, _limits, _marks, _logger) = (context, turns, calls, serializer, limits, marks, logger);
        _group = ReplicaKey.GroupOf(context.GrainId);
        _target = new GrainTarget(context);
        _answers = new Answers(calls, TellUnserializable);
        _filters = filters;
        _interfaces = context.ActivationServices.GetRequiredService<GrainInterfaceTypeResolver>();
    }

    /// <summary>Operations that come here from callers, through the incoming filters.</summary>
    public FilteredOperations Operations(int most) =>
        new(GroupGrainContext.Of(_context), _filters, _interfaces, _calls, _answers, _limits, most);

    private IReplicatedGrain Grain => (IReplicatedGrain)_context.GrainInstance!;

    public string? Admit(RequestId request, byte[] payload)
    {
        var before = _limits.Enter(_limits.Reading);
        try
        {
            var call = _calls.Deserialize(payload);
            if (call.Request is null) return "The operation holds no call.";
            _admitted[request] = (payload, call);
            return null;
        }
        catch (Exception e)
        {
            return $"The master cannot read the operation: {e.GetType().FullName}: {e.Message}";
        }
        finally
        {
            _limits.Leave(before);
        }
    }

    public void Forget(RequestId request) => _admitted.Remove(request);

    public string? Prepare(LogEntry entry)
    {
        if (_admitted.TryGetValue(entry.Request, out var admitted) && ReferenceEquals(admitted.Payload, entry.Payload)) return null;
        _marks.Begin(entry.Position, "reading its arguments");
        var why = Admit(entry.Request, entry.Payload);
        _marks.End();
        return why is null ? null : $"It cannot be read on this silo: {why}";
    }

    public string? TryOut(byte[] payload)
    {
        var request = XxHash128.HashToUInt128(payload);
        if (_marks.HasFailed(request)) return "Reading the call has ended the process of this silo, and an attempt at another one came to nothing.";
        var before = _limits.Enter(_limits.Reading);
        using var mark = _marks.BeginRequest(request);
        try
        {
            _calls.Deserialize(payload);
        }
        catch (Exception)
        {
            // It does not end the process: whoever reads it next says what is wrong.
        }
        finally
        {
            _limits.Leave(before);
        }

        return null;
    }

    public byte[] AnswerOfSkipped(LogEntry entry) => _answers.OfSkipped(_group, entry.Position);

    public Task<IReadOnlyList<byte[]>> ApplyAsync(IReadOnlyList<LogEntry> operations, DrawKey key) =>
        _turns.ExclusiveAsync(() => _limits.OfOperations(() => ApplyInTurnAsync(operations, key), operations));

    public Task<byte[]> ReadAsync(byte[] payload) => _turns.SharedAsync(async () =>
    {
        try
        {
            return await _limits.OfOthers(() => ReadInTurnAsync(payload), "a [ReadOnly] call");
        }
        catch (TurnOverrunException e)
        {
            LogReadOverran(_group, e.Message);
            return _calls.SerializeResponse(Response.FromException(new TimeoutException(e.Message)));
        }
    });

    public Task<byte[]> SaveStateAsync() => _turns.ExclusiveAsync(() => Task.FromResult(_serializer.SerializeToArray(Grain.State)));

    public bool ImportsFirstState => Grain.ImportsFirstState;

    public Task<byte[]?> ImportFirstStateAsync(CancellationToken cancelled) =>
        _turns.ExclusiveAsync(() => _limits.OfOthers(() => ImportInTurnAsync(cancelled), "the import of the first state"));

    public Task<StateHashes> HashStateAsync() => _turns.ExclusiveAsync(() => Task.FromResult(StateHash.Of(_serializer.SerializeToArray(Grain.State), _serializer.SessionPool)));

    public string Describe(LogEntry operation)
    {
        try
        {
            using var request = _calls.Deserialize(operation.Payload).Request;
            return $"{operation.Position} {request.GetInterfaceName()}.{request.GetMethodName()} (request {operation.Request})";
        }
        catch (Exception)
        {
            return $"{operation.Position} (request {operation.Request})"; // only a report
        }
    }

    public async Task RestoreStateAsync(byte[]? state)
    {
        _afterCommit.Clear();
        await _turns.ExclusiveAsync(() =>
        {
            Grain.State = state is null ? Activator.CreateInstance(Grain.StateType)! : _serializer.Deserialize<object>(state)!;
            return Task.FromResult(true);
        });
    }

    public async Task RoleChangedAsync(ReplicaRole role)
    {
        if (role == ReplicaRole.Slave)
        {
            _afterCommit.Clear();
            _admitted.Clear();
        }

        try
        {
            await _turns.ExclusiveAsync(() => _limits.OfOthers(() => Grain.ChangeRoleAsync(role), "a handler of a role change"));
        }
        catch (Exception e)
        {
            LogRoleHandlerFailed(e, _group, role);
        }
    }

    public void AnsweredOnMaster(IReadOnlyList<LogEntry> operations)
    {
        if (_afterCommit.Count == 0) return;
        foreach (var entry in operations)
            if (_afterCommit.Remove(entry.Index, out var actions)) Discarded.Observe(RunAfterCommitAsync(actions), e => LogAfterCommitFailed(e, _group));
    }

    private async Task<IReadOnlyList<byte[]>> ApplyInTurnAsync(IReadOnlyList<LogEntry> operations, DrawKey key)
    {
        var answers = new List<byte[]>(operations.Count);
        foreach (var entry in operations) answers.Add(await ApplyAsync(entry, key));
        return answers;
    }

    private async Task<byte[]> ReadInTurnAsync(byte[] payload)
    {
        CallPayload call;
        try
        {
            call = _calls.Deserialize(payload);
        }
        catch (Exception e) when (!LocalFailure.Is(e))
        {
            return _calls.SerializeResponse(Response.FromException(
                new NotSupportedOnReplicatedGrainException($"The replica cannot read the call: {e.GetType().FullName}: {e.Message}")));
        }

        var request = call.Request;
        request.SetTarget(_target);
        var around = _filters.For(_context.GrainInstance!);
        if (around.Length == 0)
        {
            using (request) return await ExecuteAsync();
        }

        var filtered = new FilteredCall(GroupGrainContext.Of(_context), request, around, _interfaces, _calls, ExecuteAsync);
        var answer = await filtered.RunAsync(response => _answers.OfRead(response, request));
        await filtered.LastStageEndedAsync(); // the turn is the method's: no operation begins beside it (R4)
        return answer;

        async Task<byte[]> ExecuteAsync() => _answers.OfRead(await InvokeAsync(request), request);
    }

    private async Task<byte[]?> ImportInTurnAsync(CancellationToken cancelled)
    {
        RequestContext.Clear(); // a caller's may be there, and is none of the import's
        if (await Grain.ImportFirstStateAsync(cancelled) is not { } state) return null;
        var bytes = _serializer.SerializeToArray<object>(state);
        if (_serializer.Deserialize<object>(bytes)?.GetType() is not { } read || !Grain.StateType.IsAssignableFrom(read)) // it must not be logged
            throw new InvalidOperationException($"The serialized {state.GetType().FullName} does not come back as a {Grain.StateType.FullName}.");
        return bytes;
    }

    private static async Task DoInTurnAsync(IReadOnlyList<Func<Task>> actions)
    {
        foreach (var action in actions) await action();
    }

    private async Task<byte[]> ApplyAsync(LogEntry entry, DrawKey key)
    {
        var call = CallOf(entry);
        _marks.Begin(entry.Position, NamesOfCalls.Of(call.Request));
        using var request = call.Request;
        request.SetTarget(_target);
        var outer = RequestContext.Entries.ToArray();
        RequestContext.Clear();
        foreach (var (name, value) in call.Context ?? []) RequestContext.Set(name, value);
        var operation = new OperationContext(entry.TimeUtc, key, entry.Epoch.Value, entry.Index.Value);
        try
        {
            Response response;
            using (operation.Enter(Grain)) response = await InvokeAsync(request);
            KeepAfterCommit(entry.Index, operation.AfterCommit);
            var answer = _answers.ToBytes(response, request);
            _marks.End();
            return answer;
        }
        finally
        {
            RequestContext.Clear();
            foreach (var (name, value) in outer) RequestContext.Set(name, value);
        }
    }

    /// <summary>
    /// The object that was read when the master admitted it, or the bytes read anew. What the master could read is this silo's trouble if
    /// it fails here (W5).
    /// </summary>
    private CallPayload CallOf(LogEntry entry)
    {
        if (_admitted.Remove(entry.Request, out var admitted) && ReferenceEquals(admitted.Payload, entry.Payload)) return admitted.Call;
        try
        {
            return _calls.Deserialize(entry.Payload);
        }
        catch (Exception e)
        {
            throw new LocalFailureException($"operation {entry.Index} cannot be read on this silo: {e.GetType().Name}: {e.Message}", e);
        }
    }

    /// <summary>Once for each method: it may be called all the time.</summary>
    private void TellUnserializable(string call, Exception error)
    {
        if (_unserializable.Add(call)) LogUnserializable(error, _group, call);
    }

    private void KeepAfterCommit(LogIndex index, IReadOnlyList<Func<Task>> actions)
    {
        // Only the master does them; a slave's are never asked for.
        if (actions.Count > 0 && Grain.Role == ReplicaRole.Master) _afterCommit[index] = actions;
    }

    private Task RunAfterCommitAsync(IReadOnlyList<Func<Task>> actions) =>
        _turns.ExclusiveAsync(() => _limits.OfOthers(() => DoInTurnAsync(actions), "an action after commit"));

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

    [LoggerMessage(LogLevel.Error, "Grain {Grain}: the answer of {Call} cannot be serialized; callers get an exception that says so. Further ones of this method are not told.")]
    private partial void LogUnserializable(Exception error, GrainId grain, string call);

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
