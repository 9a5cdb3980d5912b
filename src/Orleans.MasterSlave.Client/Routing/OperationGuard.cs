using Orleans.CodeGeneration;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// Stands before Orleans' own reference runtime on a silo, for one question: does this call come from inside an operation of a replicated grain?
/// Such a call would be made once on each replica. For every other call it is one look at a field.
/// </summary>
internal sealed class OperationGuard(IGrainReferenceRuntime orleans) : IGrainReferenceRuntime
{
    private const string What = "Calling another grain";

    public ValueTask<T?> InvokeMethodAsync<T>(GrainReference reference, IInvokable request, InvokeMethodOptions options)
    {
        OperationContext.RefuseInside(What);
        return orleans.InvokeMethodAsync<T>(reference, request, options);
    }

    public ValueTask InvokeMethodAsync(GrainReference reference, IInvokable request, InvokeMethodOptions options)
    {
        OperationContext.RefuseInside(What);
        return orleans.InvokeMethodAsync(reference, request, options);
    }

    public void InvokeMethod(GrainReference reference, IInvokable request, InvokeMethodOptions options)
    {
        OperationContext.RefuseInside(What);
        orleans.InvokeMethod(reference, request, options);
    }

    public object Cast(IAddressable grain, Type interfaceType) => orleans.Cast(grain, interfaceType);
}
