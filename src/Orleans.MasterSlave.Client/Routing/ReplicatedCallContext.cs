using System.Reflection;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Routing;

/// <summary>A call on its way through the user's outgoing filters, with ours as the last stage.</summary>
internal sealed class ReplicatedCallContext(
    GrainReference reference, IInvokable request, MasterSlaveCallFilter last, ReadPreference preference, IOutgoingGrainCallFilter[] filters, IGrainContextAccessor contexts)
    : IOutgoingGrainCallContext
{
    private int _stage;

    public IInvokable Request => request;
    public object Grain => reference;
    public MethodInfo InterfaceMethod => request.GetMethod();
    public IGrainContext? SourceContext { get; } = contexts.GrainContext;
    public GrainId? SourceId => SourceContext?.GrainId;
    public GrainId TargetId => reference.GrainId;
    public GrainInterfaceType InterfaceType => reference.InterfaceType;
    public string InterfaceName => request.GetInterfaceName();
    public string MethodName => request.GetMethodName();
    public Response? Response { get; set; }

    public object? Result
    {
        get => Response?.Result;
        set => Response = Response.FromResult(value);
    }

    public async ValueTask<Response> RunAsync()
    {
        await Invoke();
        return Response!;
    }

    public async Task Invoke()
    {
        var stage = _stage++;
        try
        {
            if (stage == filters.Length)
            {
                Response = await last.InvokeAsync(reference.GrainId, request, preference);
                return;
            }

            await filters[stage].Invoke(this);
            if (Response is null) throw new InvalidOperationException($"The outgoing filter {filters[stage].GetType().Name} neither invoked the next stage nor set a response.");
        }
        finally
        {
            _stage--;
        }
    }
}
