using Orleans.MasterSlave.Contracts;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Shell;

/// <summary>
/// Turns what a call returned or threw into the bytes of its answer. What cannot be serialized is answered all the same, by an exception
/// that says so: the same on every replica, for it is made of the call and the types alone (W5).
/// </summary>
internal sealed class Answers(CallSerializer calls, Action<string, Exception> unserializable)
{
    /// <summary>Call it within the turn that made the response: a result may be a part of the grain's state.</summary>
    /// <exception cref="LocalFailureException">It failed for a reason that is this silo's.</exception>
    public byte[] ToBytes(Response response, IInvokable request)
    {
        if (response.Exception is { } thrown && LocalFailure.Is(thrown)) throw Local(request, thrown);
        if (response.Exception is MasterSlaveException word) response = Response.FromException(OfTheGrain(word, request));
        try
        {
            return calls.SerializeResponse(response);
        }
        catch (Exception e)
        {
            if (LocalFailure.Is(e)) throw Local(request, e);
            unserializable(NameOf(request), e);
            var message = $"{NameOf(request)} was executed, but {Describe(response)} cannot be serialized{Why(e)}. Mark the type with [GenerateSerializer] and its members with [Id].";
            return calls.SerializeResponse(Response.FromException(new UnserializableAnswerException(message)));
        }
    }

    /// <summary>As <see cref="ToBytes"/>, of a read: whatever it ends with is its answer, for nothing was changed.</summary>
    public byte[] OfRead(Response response, IInvokable request)
    {
        try
        {
            return ToBytes(response, request);
        }
        catch (LocalFailureException e)
        {
            return calls.SerializeResponse(Response.FromException(e.InnerException!));
        }
    }

    /// <summary>An operator decided that an operation is never to be executed (W10).</summary>
    public byte[] OfSkipped(GrainId group, LogPosition position) => calls.SerializeResponse(
        Response.FromException(new OperationSkippedException($"{group}: an operator decided that operation {position} is never to be executed. It changed nothing.")));

    private static string NameOf(IInvokable request) => $"{request.GetInterfaceName()}.{request.GetMethodName()}";

    private static LocalFailureException Local(IInvokable request, Exception error) =>
        new($"{NameOf(request)} failed on this silo: {error.GetType().Name}: {error.Message}", error);

    /// <summary>A caller takes the library's exceptions for the library's word on the call: "not executed", say.</summary>
    private static ThrownByGrainException OfTheGrain(MasterSlaveException thrown, IInvokable request) =>
        new($"{NameOf(request)} was executed, and its own code threw {thrown.GetType().Name}: {thrown.Message}", thrown);

    private static string Describe(Response response) => response.Exception is { } thrown
        ? $"the exception that it threw ({thrown.GetType().FullName}: {thrown.Message})"
        : $"its result ({response.Result?.GetType().FullName})";

    /// <summary>
    /// The serializer's own messages name types only. An author's converter may say anything, and say something else on each replica.
    /// </summary>
    private static string Why(Exception error) =>
        error is Orleans.Serialization.SerializerException ? $": {error.Message.TrimEnd('.')}" : $" ({error.GetType().FullName})";
}
