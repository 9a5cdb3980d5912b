using System.Runtime.CompilerServices;
using Orleans.CodeGeneration;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Routing;

/// <summary>What the generated proxies of one replicated grain type call, instead of Orleans' own runtime.</summary>
internal sealed class ReplicatedReferenceRuntime(
    MasterSlaveCallFilter last, ReadPreference preference, IOutgoingGrainCallFilter[] userFilters, IGrainReferenceRuntime orleans, IGrainContextAccessor contexts)
    : IGrainReferenceRuntime
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T?> InvokeMethodAsync<T>(GrainReference reference, IInvokable request, InvokeMethodOptions options)
    {
        using var response = await InvokeAsync(reference, request);
        return response.GetResult<T>();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask InvokeMethodAsync(GrainReference reference, IInvokable request, InvokeMethodOptions options)
    {
        using var response = await InvokeAsync(reference, request);
        response.ThrowIfExceptionResponse(); // one that a user's filter put there
    }

    public void InvokeMethod(GrainReference reference, IInvokable request, InvokeMethodOptions options) =>
        throw new NotSupportedOnReplicatedGrainException($"{request.GetInterfaceName()}.{request.GetMethodName()}: {MethodRules.OneWay}");

    public object Cast(IAddressable grain, Type interfaceType)
    {
        if (typeof(IGrainExtension).IsAssignableFrom(interfaceType)) throw new NotSupportedOnReplicatedGrainException(
            $"{interfaceType.Name}: replicated grains offer neither streams of results (IAsyncEnumerable) nor grain extensions; they would belong to one replica.");
        return orleans.Cast(grain, interfaceType);
    }

    private ValueTask<Response> InvokeAsync(GrainReference reference, IInvokable request) => userFilters.Length == 0
        ? last.InvokeAsync(reference.GrainId, request, preference)
        : new ReplicatedCallContext(reference, request, last, preference, userFilters, contexts).RunAsync();
}
