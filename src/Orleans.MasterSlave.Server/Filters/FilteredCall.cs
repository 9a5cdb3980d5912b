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
internal sealed class FilteredCall(
    IGrainContext grain, IInvokable request, IReadOnlyList<IIncomingGrainCallFilter> filters, GrainInterfaceTypeResolver interfaces,
    CallSerializer calls, Func<Task<byte[]>> last) : IIncomingGrainCallContext
{
    private int _stage;
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

    /// <summary>The bytes of the answer, as filters left it. They may change a result without putting another in its place.</summary>
    public async Task<byte[]> RunAsync(Func<Response, byte[]> serialize)
    {
        try
        {
            await Invoke();
            return serialize(Response!);
        }
        catch (Exception e)
        {
            return ReferenceEquals(e, _answered?.Exception) ? _answer! : serialize(Response.FromException(e));
        }
    }

    public async Task Invoke()
    {
        var stage = _stage++;
        try
        {
            if (stage == filters.Count)
            {
                _answer = await last();
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
