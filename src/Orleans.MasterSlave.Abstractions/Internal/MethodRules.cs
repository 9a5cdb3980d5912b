using System.Reflection;

namespace Orleans.MasterSlave;

/// <summary>Which interface methods a replicated grain cannot have, and why. Checked at the silo's start, and at the call.</summary>
internal static class MethodRules
{
    public const string OneWay = "[OneWay] methods are not supported on replicated grains: a call that nobody waits for would be lost in a failover, unnoticed.";
    public const string Transaction = "[Transaction] methods are not supported on replicated grains.";
    public const string Stream = "methods that return IAsyncEnumerable are not supported on replicated grains.";
    public const string GrainCancellation = "GrainCancellationToken is not supported on replicated grains: it is bound to one activation. Use CancellationToken: it ends the caller's waiting.";

    /// <summary>Why the method is refused; null when it may stay.</summary>
    public static string? Refuse(MethodInfo method)
    {
        if (method.ReturnType.IsGenericType && method.ReturnType.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>)) return Stream;
        foreach (var attribute in method.GetCustomAttributes(inherit: true))
        {
            switch (attribute.GetType().FullName)
            {
                case "Orleans.TransactionAttribute": return Transaction; // its package is not referenced here
                case "Orleans.Concurrency.OneWayAttribute": return OneWay;
            }
        }

        return Array.Exists(method.GetParameters(), parameter => parameter.ParameterType == typeof(GrainCancellationToken)) ? GrainCancellation : null;
    }
}
