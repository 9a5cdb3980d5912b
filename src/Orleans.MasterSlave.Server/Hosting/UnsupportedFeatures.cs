using System.Reflection;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.MasterSlave;
using Orleans.MasterSlave.Routing;
using Orleans.Placement;
using Orleans.Providers;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>
/// What Orleans offers to grains and a replicated grain cannot have. It would be ignored, or fail at the first call: it is refused when
/// the silo starts, with the remedy.
/// </summary>
internal static class UnsupportedFeatures
{
    public static IEnumerable<string> OfClass(Type grain)
    {
        foreach (var attribute in grain.GetCustomAttributes(inherit: true))
        {
            if (ReasonAgainst(attribute) is { } reason) yield return $"{grain.FullName} carries [{NameOf(attribute)}]: {reason}";
        }

        if (typeof(IGrainMigrationParticipant).IsAssignableFrom(grain))
            yield return $"{grain.FullName} implements IGrainMigrationParticipant: replicas do not migrate. What other silos shall have belongs in State.";
    }

    /// <param name="grain">The class.</param>
    /// <param name="isRegistered">Can the silo's services provide this parameter?</param>
    public static IEnumerable<string> OfConstructor(Type grain, Func<ParameterInfo, bool> isRegistered)
    {
        foreach (var parameter in grain.GetConstructors().SelectMany(constructor => constructor.GetParameters()))
        {
            if (parameter.GetCustomAttributes().FirstOrDefault(attribute => attribute is IFacetMetadata) is { } facet)
            {
                yield return $"{grain.FullName}: its constructor takes [{NameOf(facet)}] {parameter.Name}: what one replica stores there, the others do " +
                    "not have. Keep it in State.";
            }
        }

        if (grain.GetConstructors() is not [var only]) yield break; // of several, the one is taken that fits
        foreach (var parameter in only.GetParameters())
        {
            if (parameter.HasDefaultValue || parameter.GetCustomAttributes().Any(attribute => attribute is IFacetMetadata) || isRegistered(parameter)) continue;
            yield return $"{grain.FullName}: its constructor takes {parameter.ParameterType.Name} {parameter.Name}, which is not registered on this silo.";
        }
    }

    /// <summary>Attributes of a call count on the interface; on the class's method Orleans does not see them.</summary>
    public static IEnumerable<string> OfImplementation(Type grain, Type contract)
    {
        if (grain.IsInterface || grain.ContainsGenericParameters) yield break;
        var map = grain.GetInterfaceMap(contract);
        for (var i = 0; i < map.InterfaceMethods.Length; i++)
        {
            foreach (var attribute in map.TargetMethods[i].GetCustomAttributes(inherit: true))
            {
                if (!CountsOnTheInterfaceOnly(attribute) || map.InterfaceMethods[i].IsDefined(attribute.GetType(), inherit: true)) continue;
                yield return $"{grain.FullName}.{map.TargetMethods[i].Name} carries [{NameOf(attribute)}], which counts on the interface only: " +
                    $"put it on {contract.FullName}.{map.InterfaceMethods[i].Name}.";
            }
        }
    }

    public static IEnumerable<string> OfInterface(Type grain, Type contract)
    {
        if (contract.IsGenericType)
            yield return $"{grain.FullName}: its interface {contract} is generic: the log holds calls under names, and these have none that lasts.";
        foreach (var method in contract.GetMethods(BindingFlags.Instance | BindingFlags.Public))
        {
            if (method.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout is not { } timeout) continue;
            if (timeout > TimeSpan.Zero && timeout <= ClientTimes.MaxCall) continue;
            yield return $"{grain.FullName}: {contract.FullName}.{method.Name}: [ResponseTimeout] is {timeout}; it must be more than zero, " +
                $"and at most {ClientTimes.MaxCall}.";
        }
    }

    /// <summary>
    /// Orleans takes every class that is not abstract for a grain of its own, also one that is only there to be derived from.
    /// </summary>
    public static string? OfBaseClass(Type grain, IEnumerable<Type> all)
    {
        if (grain.GetCustomAttribute<GrainTypeAttribute>(inherit: false) is not null) return null;
        var derived = all.FirstOrDefault(type => type != grain && DerivesFrom(type, grain));
        return derived is null ? null
            : $"{grain.FullName} is the base class of {derived.FullName} and not abstract, so Orleans takes it for a grain of its own: " +
                "make it abstract, or give it [GrainType] and [Replicated].";
    }

    private static bool DerivesFrom(Type type, Type ancestor)
    {
        for (var above = type.BaseType; above is not null; above = above.BaseType)
        {
            if (above == ancestor || (above.IsGenericType && above.GetGenericTypeDefinition() == ancestor)) return true;
        }

        return false;
    }

    private static bool CountsOnTheInterfaceOnly(object attribute) =>
        attribute is ReadOnlyAttribute or ReadPreferenceAttribute or AlwaysInterleaveAttribute or OneWayAttribute or ResponseTimeoutAttribute;

    private static string? ReasonAgainst(object attribute) => attribute switch
    {
        StatelessWorkerAttribute or ReentrantAttribute or MayInterleaveAttribute => "operations of a replicated grain run one at a time, on each replica.",
        PlacementAttribute or PlacementFilterAttribute =>
            "a group chooses the silos of its replicas itself, and spreads them over zones (MasterSlaveOptions.Zone). Remove it.",
        GrainDirectoryAttribute => "a replica is found by its id alone. Remove it.",
        CollectionAgeLimitAttribute => "replicas are not collected when they are idle. Remove it.",
        StorageProviderAttribute => "the log is the storage. Remove it.",
        _ when IsA(attribute, "Orleans.ImplicitStreamSubscriptionAttribute") =>
            "a stream's events would reach one replica only, and be operations of none. Let a plain grain subscribe, and call this one.",
        _ => null,
    };

    /// <summary>By name: its package is not referenced here.</summary>
    private static bool IsA(object attribute, string type)
    {
        for (var its = attribute.GetType(); its is not null; its = its.BaseType)
        {
            if (its.FullName == type) return true;
        }

        return false;
    }

    private static string NameOf(object attribute)
    {
        var name = attribute.GetType().Name;
        return name.EndsWith("Attribute", StringComparison.Ordinal) ? name[..^"Attribute".Length] : name;
    }
}
