using System.Collections.Concurrent;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Shell;

/// <summary>What people call a call: interface and method. One string for each method, for it is noted at every operation.</summary>
internal static class NamesOfCalls
{
    private static readonly ConcurrentDictionary<Type, string> Known = new();

    public static string Of(IInvokable request) =>
        Known.TryGetValue(request.GetType(), out var name) ? name : Known.GetOrAdd(request.GetType(), $"{request.GetInterfaceName()}.{request.GetMethodName()}");
}
