using System.IO.Hashing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Shell;
using Orleans.Metadata;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Filters;

/// <summary>
/// Operations on their way through the incoming filters, on the master that admits them: once for a call, however often it is applied and
/// however many copies of it come here. <b>What filters made of the arguments is what is logged</b>, so replicas cannot differ (W3).
/// </summary>
internal sealed class FilteredOperations(
    IGrainContext grain, IncomingFilters filters, GrainInterfaceTypeResolver interfaces, CallSerializer calls, Answers answers,
    TurnLimits limits, int most)
{
    private readonly Dictionary<(RequestId, ulong), Task<CallReply>> _open = []; // bounded: see most

    public Task<CallReply> ExecuteAsync(Replica replica, Operation operation)
    {
        var around = filters.For(grain.GrainInstance!);
        return around.Length == 0 ? replica.ExecuteAsync(operation) : ExecuteAsync(replica, operation, around);
    }

    private async Task<CallReply> ExecuteAsync(Replica replica, Operation operation, IIncomingGrainCallFilter[] around)
    {
        if (await replica.DeclineAsync(operation) is { } declined) return declined; // filters see calls that are about to be executed
        var sent = XxHash3.HashToUInt64(operation.Payload);
        if (_open.TryGetValue((operation.Id, sent), out var first)) return await first;
        if (_open.Count >= most && !replica.Knows(operation)) return replica.Overloaded();
        var running = _open[(operation.Id, sent)] = RunAsync(replica, operation, sent, around);
        try
        {
            return await running;
        }
        finally
        {
            _open.Remove((operation.Id, sent));
        }
    }

    private async Task<CallReply> RunAsync(Replica replica, Operation operation, ulong sent, IIncomingGrainCallFilter[] around)
    {
        if (Read(operation) is not { } call) return await replica.ExecuteAsync(operation); // which refuses it, with the reason
        var request = call.Request; // without a target: a filter that invokes it by itself would change the state of this replica alone
        BringContext(call.Context);
        CallReply? reply = null;
        var filtered = new FilteredCall(grain, request, around, interfaces, calls, async () =>
        {
            var next = await replica.ExecuteAsync(AsFiltered(operation, request, sent));
            reply = FilteredReply.After(reply, next);
            if (next.Kind == ReplyKind.Answered) return next.Payload!;
            throw new ReplicaUnavailableException($"The operation is tried elsewhere, or later: {next.Message ?? "this replica does not take it"}");
        });
        var answer = await WatchedAsync(() => filtered.RunAsync(response => answers.OfRead(response, request)));
        if (reply is null && filtered.HasFailed && await OtherCopyAsync(replica, operation) is { } other) return other;
        if (reply is null) return new CallReply { Kind = ReplyKind.Answered, Payload = answer }; // a filter's own answer: nothing was executed
        return reply.Kind == ReplyKind.Answered ? reply.With(answer) : reply;
    }

    /// <summary>
    /// Filters have refused the operation. Null: that is its answer. Otherwise another copy of it was taken, or may have been: a refusal would
    /// tell the caller that nothing was executed (W8).
    /// </summary>
    private static async Task<CallReply?> OtherCopyAsync(Replica replica, Operation operation)
    {
        if (!replica.Knows(operation)) return replica.DeclineUnlessCertain();
        var known = await replica.ExecuteAsync(operation); // known, so it is not executed once more
        return known.Kind == ReplyKind.Answered ? FilteredReply.Unknown(known, "A filter refused a copy of an operation that was executed.") : known;
    }

    /// <summary>The same bytes, if filters changed nothing.</summary>
    private Operation AsFiltered(Operation operation, IInvokable request, ulong sent)
    {
        var payload = calls.SerializeOperation(request);
        return payload.AsSpan().SequenceEqual(operation.Payload) ? operation : operation.With(payload, sent);
    }

    private CallPayload? Read(Operation operation)
    {
        var before = limits.Enter(limits.Reading);
        try
        {
            return calls.Deserialize(operation.Payload) is { Request: not null } call ? call : null;
        }
        catch (Exception)
        {
            return null;
        }
        finally
        {
            limits.Leave(before);
        }
    }

    /// <summary>A filter that blocks the thread is noticed; one that awaits holds nobody up.</summary>
    private Task<byte[]> WatchedAsync(Func<Task<byte[]>> run)
    {
        var before = limits.Enter(limits.OtherWork);
        try
        {
            return run();
        }
        finally
        {
            var latest = limits.Open; // a turn that has begun meanwhile goes on
            limits.Leave(ReferenceEquals(latest, limits.OtherWork) ? before : latest);
        }
    }

    /// <summary>What is logged with the operation, and the marks of the message that brought it here, for traces.</summary>
    private static void BringContext(Dictionary<string, object>? context)
    {
        var marks = RequestContext.Entries.Where(entry => CallSerializer.IsOfTheMessage(entry.Key)).ToList();
        RequestContext.Clear();
        foreach (var (key, value) in marks) RequestContext.Set(key, value);
        foreach (var (key, value) in context ?? []) RequestContext.Set(key, value);
    }
}
