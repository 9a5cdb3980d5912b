using System.Collections.Frozen;
using System.Diagnostics;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Contracts;

/// <summary>What <see cref="Operation.Payload"/> and <see cref="ReadRequest.Payload"/> hold. Lasts in logs: fields are only ever added.</summary>
[GenerateSerializer, Alias("masterslave.call")]
internal struct CallPayload
{
    /// <summary>The generated invokable: method and arguments.</summary>
    [Id(0)] public IInvokable Request;

    /// <summary>The caller's <see cref="RequestContext"/>, for operations; null when it was empty, and for reads, where the message itself carries it.</summary>
    [Id(1)] public Dictionary<string, object>? Context;
}

/// <summary>Turns calls and their answers into bytes and back: the same code on both ends.</summary>
internal sealed class CallSerializer(Serializer<CallPayload> calls, Serializer<Response> responses, Serializer values)
{
    private static readonly FrozenSet<string> Tracing =
        new[] { "traceparent", "tracestate", "baggage", "Request-Id", "Correlation-Context" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>A value that cannot be sent would fail at each attempt, each time somewhere else.</summary>
    /// <exception cref="NotSupportedOnReplicatedGrainException">One cannot be serialized.</exception>
    public void DemandSerializableContext()
    {
        if (RequestContext.Entries is not Dictionary<string, object> { Count: > 0 } entries) return;
        foreach (var (key, value) in entries)
        {
            if (value is null or string or Guid || value.GetType().IsPrimitive || key.StartsWith('#')) continue;
            try
            {
                values.SerializeToArray(value);
            }
            catch (Exception e)
            {
                throw new NotSupportedOnReplicatedGrainException(
                    $"RequestContext[\"{key}\"] holds a {value.GetType().FullName}, which cannot be serialized: mark the type [GenerateSerializer], " +
                    "or remove the value. Nothing was sent.",
                    e);
            }
        }
    }

    public byte[] SerializeRead(IInvokable request) => calls.SerializeToArray(new CallPayload { Request = request });

    public byte[] SerializeOperation(IInvokable request) => calls.SerializeToArray(new CallPayload { Request = request, Context = CaptureContext() });

    public CallPayload Deserialize(byte[] payload) => calls.Deserialize(payload);

    /// <summary>Call it within the turn that made the response: a result may be a part of the grain's state.</summary>
    public byte[] SerializeResponse(Response response) => responses.SerializeToArray(response);

    public Response DeserializeResponse(byte[] payload) => responses.Deserialize(payload)!;

    private static Dictionary<string, object>? CaptureContext()
    {
        Dictionary<string, object>? captured = null;
        if (RequestContext.Entries is not Dictionary<string, object> { Count: > 0 } entries) return null;
        foreach (var (key, value) in entries)
        {
            if (!IsOfTheMessage(key)) (captured ??= []).Add(key, value);
        }

        return captured;
    }

    /// <summary>
    /// Tracing headers and Orleans' own marks belong to one message, not to the log: those of the usual propagators, and of the one in use.
    /// </summary>
    public static bool IsOfTheMessage(string key) =>
        key.StartsWith('#') || Tracing.Contains(key) || DistributedContextPropagator.Current.Fields.Contains(key, StringComparer.OrdinalIgnoreCase);
}
