using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.CodeGeneration;
using Orleans.GrainReferences;
using Orleans.Metadata;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Serializers;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// Gives references to replicated grains their own runtime. First among the providers; for every grain type that does not carry our mark it steps
/// aside at once, and such a reference is exactly Orleans' own.
/// </summary>
internal sealed class ReplicatedReferenceProvider(IServiceProvider services) : IGrainReferenceActivatorProvider
{
    private readonly ConcurrentDictionary<GrainType, IGrainReferenceRuntime> _runtimes = new();
    private readonly Lazy<IOutgoingGrainCallFilter[]> _userFilters = new(() => [.. services.GetServices<IOutgoingGrainCallFilter>()]);
    private readonly Lazy<IGrainReferenceRuntime> _unfiltered = new(() => Unfiltered(services));

    public bool TryGet(GrainType grainType, GrainInterfaceType interfaceType, [NotNullWhen(true)] out IGrainReferenceActivator? activator)
    {
        activator = null;
        if (interfaceType.IsDefault) return false;
        var replicated = Properties(grainType);
        if (replicated is null && !grainType.Value.ToString()!.StartsWith("masterslave.", StringComparison.Ordinal)) return false;
        if (OrleansActivator(grainType, interfaceType) is not { } original) return false;

        var sample = original.CreateReference(GrainId.Create(grainType, "0"));
        if (IsInternal(sample.GetType())) activator = _userFilters.Value.Length == 0 ? original : Activator(sample, _unfiltered.Value, toGroup: false);
        else if (replicated is null) return false;
        else if (sample is IGrainExtension) activator = new ExtensionActivator(original);
        else activator = Activator(sample, _runtimes.GetOrAdd(grainType, _ => Runtime(replicated)), toGroup: true);
        return true;
    }

    private ReplicatedGrainProperties? Properties(GrainType grainType) =>
        ReplicatedGrainProperties.Find(services.GetRequiredService<IClusterManifestProvider>(), grainType);

    private IGrainReferenceActivator? OrleansActivator(GrainType grainType, GrainInterfaceType interfaceType)
    {
        foreach (var provider in services.GetServices<IGrainReferenceActivatorProvider>())
        {
            if (provider != this && provider.TryGet(grainType, interfaceType, out var activator)) return activator;
        }

        return null;
    }

    /// <summary>Our own talk between callers and replicas: the user's filters are not for it.</summary>
    private static bool IsInternal(Type proxy) =>
        proxy.Assembly == typeof(ReplicatedReferenceProvider).Assembly || proxy.Assembly.GetName().Name == "Orleans.MasterSlave.Server";

    private ReplicatedReferenceRuntime Runtime(ReplicatedGrainProperties properties) => new(
        services.GetRequiredService<MasterSlaveCallFilter>(), properties.Preference, _userFilters.Value,
        services.GetRequiredService<IGrainReferenceRuntime>(), services.GetRequiredService<IGrainContextAccessor>());

    /// <summary>Orleans' runtime once more, without filters.</summary>
    private static IGrainReferenceRuntime Unfiltered(IServiceProvider services)
    {
        var type = typeof(GrainReferenceActivator).Assembly.GetType("Orleans.Runtime.GrainReferenceRuntime", throwOnError: true)!;
        return (IGrainReferenceRuntime)ActivatorUtilities.CreateInstance(services, type, new object[] { Array.Empty<IOutgoingGrainCallFilter>() });
    }

    private ReferenceActivator Activator(GrainReference sample, IGrainReferenceRuntime runtime, bool toGroup)
    {
        var shared = new GrainReferenceShared(
            sample.GrainId.Type, sample.InterfaceType, sample.InterfaceVersion, runtime, InvokeMethodOptions.None,
            services.GetRequiredService<CodecProvider>(), services.GetRequiredService<CopyContextPool>(), services);
        return new ReferenceActivator(Constructor(sample.GetType()), shared, toGroup ? services.GetRequiredService<IGrainContextAccessor>() : null);
    }

    private static Func<GrainReferenceShared, IdSpan, GrainReference> Constructor(Type proxy)
    {
        var shared = Expression.Parameter(typeof(GrainReferenceShared));
        var key = Expression.Parameter(typeof(IdSpan));
        var constructor = proxy.GetConstructor(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, [shared.Type, key.Type])!;
        return Expression.Lambda<Func<GrainReferenceShared, IdSpan, GrainReference>>(Expression.New(constructor, shared, key), shared, key).Compile();
    }

    private sealed class ReferenceActivator(Func<GrainReferenceShared, IdSpan, GrainReference> create, GrainReferenceShared shared, IGrainContextAccessor? contexts)
        : IGrainReferenceActivator
    {
        /// <summary>
        /// A reference that a replica makes from its own id is one to its group. Anybody else's key that looks like a replica's is no
        /// replica's: calls on it are refused.
        /// </summary>
        public GrainReference CreateReference(GrainId grainId) => create(shared, (IsOwn(grainId) ? ReplicaKey.GroupOf(grainId) : grainId).Key);

        private bool IsOwn(GrainId id) => contexts?.GrainContext is { } context && GroupGrainContext.Unwrap(context).GrainId == id;
    }

    /// <summary>Extensions of replicas are reached by their own ids; of a group there are none.</summary>
    private sealed class ExtensionActivator(IGrainReferenceActivator original) : IGrainReferenceActivator
    {
        public GrainReference CreateReference(GrainId grainId) => ReplicaKey.IsPinned(grainId)
            ? original.CreateReference(grainId)
            : throw new NotSupportedOnReplicatedGrainException($"{ReplicaKey.Describe(grainId)}: replicated grains offer no grain extensions; they would belong to one replica.");
    }
}
