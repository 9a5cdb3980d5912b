using System.Reflection;
using Orleans.Concurrency;
using Orleans.MasterSlave;

namespace Orleans.Hosting;

/// <summary>What is demanded of the class of a replicated grain, and of its interfaces. Names in a log must outlive a rename.</summary>
internal static class ReplicatedGrainRules
{
    private static readonly string? OrleansCompany = typeof(Grain).Assembly.GetCustomAttribute<AssemblyCompanyAttribute>()?.Company;

    public static IEnumerable<string> FaultsOf(Type grain, Func<Type, bool> isSerializable, Func<ParameterInfo, bool> isRegistered) =>
    [
        .. FaultsOfClass(grain, isSerializable), .. UnsupportedFeatures.OfClass(grain), .. UnsupportedFeatures.OfConstructor(grain, isRegistered),
        .. grain.GetInterfaces().Where(IsTheAuthors).SelectMany(contract => FaultsOfInterface(grain, contract)),
    ];

    private static IEnumerable<string> FaultsOfClass(Type grain, Func<Type, bool> isSerializable)
    {
        var name = grain.FullName;
        if (grain.GetCustomAttribute<GrainTypeAttribute>(inherit: false) is null) yield return $"{name} lacks [GrainType(\"…\")]: its name must outlive a rename of the class.";
        if (grain.IsGenericTypeDefinition) yield return $"{name} is generic: replicated grains are not.";
        var state = StateOf(grain);
        if (state is { IsGenericParameter: false } && !isSerializable(state)) yield return $"{name}: Orleans cannot serialize its state {state.FullName}: mark it [GenerateSerializer].";
        if (state?.GetCustomAttribute<GenerateSerializerAttribute>() is not null && state.GetCustomAttribute<AliasAttribute>() is null)
            yield return $"{name}: its state {state.FullName} lacks [Alias(\"…\")]: snapshots keep it under that name, which must outlive a rename of the class.";

        if (grain.GetCustomAttribute<ReplicatedAttribute>(inherit: true) is not { } replicated)
        {
            yield return $"{name} lacks [Replicated].";
            yield break;
        }

        if (!Enum.IsDefined(replicated.Mode)) yield return $"{name}: there is no replication mode {replicated.Mode}.";
        if (!Enum.IsDefined(replicated.ReadPreference)) yield return $"{name}: there is no read preference {replicated.ReadPreference}.";
        if (replicated.Replicas is < 1 or > ReplicatedAttribute.MaxReplicas)
            yield return $"{name}: Replicas is {replicated.Replicas}; it must be from 1 to {ReplicatedAttribute.MaxReplicas}.";
        if (replicated.MinInSyncReplicas < 1 || replicated.MinInSyncReplicas > replicated.Replicas)
            yield return $"{name}: MinInSyncReplicas is {replicated.MinInSyncReplicas}; it must be from 1 to Replicas ({replicated.Replicas}).";
    }

    private static IEnumerable<string> FaultsOfInterface(Type grain, Type contract)
    {
        if (contract.GetCustomAttribute<AliasAttribute>() is null) yield return $"{grain.FullName}: its interface {contract.FullName} lacks [Alias(\"…\")].";
        foreach (var method in contract.GetMethods(BindingFlags.Instance | BindingFlags.Public))
        {
            var name = $"{grain.FullName}: {contract.FullName}.{method.Name}";
            if (method.GetCustomAttribute<AliasAttribute>() is null) yield return $"{name} lacks [Alias(\"…\")].";
            if (MethodRules.Refuse(method) is { } reason) yield return $"{name}: {reason}";
            if (method.GetCustomAttribute<AlwaysInterleaveAttribute>() is not null) yield return $"{name}: [AlwaysInterleave] is not supported on replicated grains.";
            if (method.GetCustomAttribute<ReadPreferenceAttribute>() is not null && method.GetCustomAttribute<ReadOnlyAttribute>() is null)
                yield return $"{name} carries [ReadPreference] and is not [ReadOnly].";
        }

        foreach (var fault in UnsupportedFeatures.OfInterface(grain, contract)) yield return fault;
        foreach (var fault in UnsupportedFeatures.OfImplementation(grain, contract)) yield return fault;
    }

    /// <summary>A grain interface, but not one of Orleans' own: those keep their names.</summary>
    internal static bool IsTheAuthors(Type contract) =>
        typeof(IAddressable).IsAssignableFrom(contract)
        && !(contract.Assembly.GetName().Name!.StartsWith("Orleans.", StringComparison.Ordinal)
            && contract.Assembly.GetCustomAttribute<AssemblyCompanyAttribute>()?.Company == OrleansCompany);

    internal static Type? StateOf(Type grain)
    {
        for (var type = grain.BaseType; type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ReplicatedGrain<>)) return type.GetGenericArguments()[0];
        }

        return null;
    }
}
