using System.Collections.Concurrent;
using System.Reflection;
using Orleans.CodeGeneration;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Routing;

/// <summary>What a method's generated request says about routing, read once for each method.</summary>
internal sealed record CallShape(bool IsReadOnly, ReadPreference? Preference, string? Unsupported)
{
    private static readonly ConcurrentDictionary<Type, CallShape> Known = new();

    public static CallShape Of(IInvokable request) => Known.TryGetValue(request.GetType(), out var shape) ? shape : Known.GetOrAdd(request.GetType(), Read(request));

    private static CallShape Read(IInvokable request)
    {
        var options = (request as IRequest)?.Options ?? InvokeMethodOptions.None;
        var method = request.GetMethod();
        return new CallShape(
            (options & InvokeMethodOptions.ReadOnly) != 0,
            method?.GetCustomAttribute<ReadPreferenceAttribute>()?.Preference,
            UnsupportedReason(request, options, method) is { } reason ? $"{request.GetInterfaceName()}.{request.GetMethodName()}: {reason}" : null);
    }

    private static string? UnsupportedReason(IInvokable request, InvokeMethodOptions options, MethodInfo? method)
    {
        if ((options & InvokeMethodOptions.OneWay) != 0) return MethodRules.OneWay;
        if (request is IOutgoingGrainCallFilter) return MethodRules.Transaction;
        return method is null ? null : MethodRules.Refuse(method);
    }
}
