using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// The last stage of a call on a replicated reference, in place of sending it: makes an operation or a read of it, has it routed, and turns the
/// reply back into a response. It stands after the user's outgoing filters, which run once for a call, however often it is sent.
/// </summary>
internal sealed class MasterSlaveCallFilter(
    ClientGroups groups, CallRouter router, CallSerializer serializer, MasterSlaveClientOptions options, ClientTimes times, ReadIds reads,
    TimeProvider time)
{
    private const int MaxRenewals = 3; // of the client id, within one call

    /// <summary>The response; never one that carries an exception: that is thrown here (Orleans drops it for plain <see cref="Task"/>).</summary>
    public ValueTask<Response> InvokeAsync(GrainId target, IInvokable request, ReadPreference preference)
    {
        OperationContext.RefuseInside("Calling another grain");
        var shape = CallShape.Of(request);
        if (shape.Unsupported is not null) throw new NotSupportedOnReplicatedGrainException(shape.Unsupported);
        serializer.DemandSerializableContext();
        var only = DiagnosticReadScope.Current;
        if (!shape.IsReadOnly)
        {
            if (only is not null) throw new NotSupportedOnReplicatedGrainException("Only [ReadOnly] calls can be made on one named replica.");
            return ExecuteAsync(target, request);
        }

        return ReadAsync(target, request, ReadPreferenceScope.Current ?? shape.Preference ?? preference, only);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Response> ExecuteAsync(GrainId target, IInvokable request)
    {
        var payload = serializer.SerializeOperation(request);
        var ownTimes = times.Within(request.GetDefaultResponseTimeout());
        var group = groups.Enter(target);
        try
        {
            for (var renewals = 0; ; renewals++)
            {
                if (group.Token(out _) == SessionToken.None) await LearnPositionAsync(group, ownTimes, CancellationOf(request));
                if (!group.TryTakeId(out var id, out var answeredThrough, out var known))
                    throw new OverloadedException($"{target}: {options.MaxOperationsPerGrain} operations wait behind the oldest one of this client; not executed.");
                try
                {
                    var operation = new Operation { Id = id, AnsweredThrough = answeredThrough, Known = known, Payload = payload, Birth = group.Birth, SeenVersion = group.SeenVersion };
                    var call = new RoutedCall(group, CallKind.Operation, time.GetTimestamp(), ownTimes, CancellationOf(request)) { Operation = operation };
                    var reply = await router.RouteAsync(call);
                    return Answer(group, reply, keepToken: true);
                }
                catch (RequestExpiredException expired) when (expired.IsNew && renewals < MaxRenewals)
                {
                    group.RenewClient(id); // nothing of it was executed: it is sent again as another client's, that knows more (W1)
                }
                finally
                {
                    group.CompleteId(id);
                }
            }
        }
        finally
        {
            group.Leave();
        }
    }

    /// <summary>A client that knows nothing of a group asks before its first operation: what the group has forgotten lies before that (W1).</summary>
    private async ValueTask LearnPositionAsync(ClientGroup group, ClientTimes ownTimes, CancellationToken cancellation)
    {
        var call = new RoutedCall(group, CallKind.ReadAny, time.GetTimestamp(), ownTimes, cancellation)
        {
            Read = ReadRequest.Ping(group.Birth), Turn = group.NextTurn(),
        };
        group.Saw((await router.RouteAsync(call)).Token);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Response> ReadAsync(GrainId target, IInvokable request, ReadPreference preference, SiloAddress? only)
    {
        var payload = serializer.SerializeRead(request);
        var group = groups.Enter(target);
        try
        {
            var token = group.Token(out var unknown);
            var master = preference == ReadPreference.Master || unknown;
            var read = new ReadRequest
            {
                Payload = payload, Token = only is null ? token : SessionToken.None, MasterOnly = master && only is null,
                Diagnostic = only is not null, StrictSession = options.StrictSessions, Birth = group.Birth, Call = reads.Next(),
                SeenVersion = group.SeenVersion,
            };
            var kind = only is not null ? CallKind.ReadOne : master ? CallKind.ReadMaster : CallKind.ReadAny;
            var ownTimes = times.Within(request.GetDefaultResponseTimeout());
            var call = new RoutedCall(group, kind, time.GetTimestamp(), ownTimes, CancellationOf(request))
            {
                Read = read, OnlySilo = only, Turn = group.NextTurn(),
            };
            return Answer(group, await router.RouteAsync(call), keepToken: only is null);
        }
        finally
        {
            group.Leave();
        }
    }

    private Response Answer(ClientGroup group, CallReply reply, bool keepToken)
    {
        if (keepToken) group.Saw(reply.Token);
        var response = serializer.DeserializeResponse(reply.Payload!);
        if (response.Exception is { } exception) ExceptionDispatchInfo.Throw(exception);
        return response;
    }

    /// <summary>A token ends the waiting; the operation may be executed all the same, for it cannot be taken back from the replicas.</summary>
    private static CancellationToken CancellationOf(IInvokable request) => request.IsCancellable ? request.GetCancellationToken() : default;
}
