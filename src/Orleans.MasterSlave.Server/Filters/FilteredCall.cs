using System.Reflection;
using System.Runtime.ExceptionServices;
using Orleans.MasterSlave.Contracts;
using Orleans.Metadata;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Filters;

/// <summary>
/// A call of one of the author's methods on its way through the incoming filters, as Orleans' own: around it, with its interface, method,
/// arguments and grain. What the last stage gives are the bytes of the answer, and filters see a copy of what is in them, for a result may
/// be a part of the state.
/// </summary>
/// <remarks>
/// A filter may leave before the stages that it began have ended: one that waits for a limited time does. <b>What comes later begins nothing</b>, for the
/// caller has its answer. The request is never given back to Orleans' pool: a filter that was left behind would see, or change, another call's arguments.
/// </remarks>
internal sealed class FilteredCall(
    IGrainContext grain, IInvokable request, IReadOnlyList<IIncomingGrainCallFilter> filters, GrainInterfaceTypeResolver interfaces,
    CallSerializer calls, Func<Task<byte[]>> last) : IIncomingGrainCallContext
{
    private int _stage;
    private bool _hasEnded;
    private Task<byte[]>? _running; // the last stage, as it was begun last
    private byte[]? _answer;
    private Response? _answered; // what the answer holds

    public IInvokable Request => request;
    public object Grain => grain.GrainInstance!;
    public IGrainContext TargetContext => grain;
    public GrainId TargetId => grain.GrainId;
    public GrainId? SourceId { get; } = CallSource.Current;
    public GrainInterfaceType InterfaceType => interfaces.GetGrainInterfaceType(request.GetInterfaceType());
    public string InterfaceName => request.GetInterfaceName();
    public string MethodName => request.GetMethodName();
    public MethodInfo InterfaceMethod => request.GetMethod();
    public MethodInfo ImplementationMethod => ImplementationOf(Grain.GetType(), request.GetMethod());
    public Response? Response { get; set; }

    public object? Result
    {
        get => Response is { Exception: null } response ? response.Result : null;
        set => Response = Response.FromResult(value);
    }

    /// <summary>It ended in an exception, of the method or of a filter.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>The bytes of the answer, as filters left it. They may change a result without putting another in its place.</summary>
    public async Task<byte[]> RunAsync(Func<Response, byte[]> serialize)
    {
        try
        {
            await Invoke();
            HasFailed = Response!.Exception is not null;
            return serialize(Response);
        }
        catch (Exception e)
        {
            HasFailed = true;
            return ReferenceEquals(e, _answered?.Exception) ? _answer! : serialize(Response.FromException(e));
        }
        finally
        {
            _hasEnded = true;
        }
    }

    /// <summary>Completes when the author's method does not run any more, though its filters may have left it behind.</summary>
    public async Task LastStageEndedAsync()
    {
        if (_running is { IsCompleted: false } running)
            await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    public async Task Invoke()
    {
        if (_hasEnded) throw new InvalidOperationException("The call has ended: its caller has an answer, and nothing of it is begun any more.");
        var stage = _stage++;
        try
        {
            if (stage == filters.Count)
            {
                _answer = await (_running = last());
                Response = _answered = calls.DeserializeResponse(_answer);
                if (_answered.Exception is { } thrown) ExceptionDispatchInfo.Throw(thrown);
                return;
            }

            if (stage > filters.Count) throw new InvalidOperationException("The call has no further stage.");
            await filters[stage].Invoke(this);
            if (Response is null)
                throw new InvalidOperationException($"The incoming filter {filters[stage].GetType().Name} neither invoked the next stage nor set a response.");
        }
        finally
        {
            _stage--;
        }
    }

    private static MethodInfo ImplementationOf(Type type, MethodInfo method)
    {
        var definition = method.IsConstructedGenericMethod ? method.GetGenericMethodDefinition() : method;
        var map = type.GetInterfaceMap(definition.DeclaringType!);
        var implementation = map.TargetMethods[Array.IndexOf(map.InterfaceMethods, definition)];
        return method.IsConstructedGenericMethod ? implementation.MakeGenericMethod(method.GetGenericArguments()) : implementation;
    }
}
