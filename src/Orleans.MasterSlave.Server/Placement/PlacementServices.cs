using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Filters;
using Orleans.Runtime;
using Orleans.Runtime.GrainDirectory;
using Orleans.Runtime.Hosting;
using Orleans.Runtime.Placement;
using Orleans.Timers;

namespace Orleans.MasterSlave.Placement;

/// <summary>Registers the computed directories and placements, and the group's face of a replica's activation.</summary>
internal static class PlacementServices
{
    public static IServiceCollection AddMasterSlavePlacement(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(ReplicaSiloRule))) return services;

        services.AddSingleton<ReplicaHosting>();
        services.AddSingleton<IncomingFilters>();
        services.AddSingleton<SiloDeaths>();
        services.AddSingleton<ISiloDeaths>(provider => provider.GetRequiredService<SiloDeaths>());
        services.AddRule<ReplicaSiloRule, MasterSlavePinnedPlacement>(ReplicatedGrainProperties.PinnedDirectory);
        services.AddRule<SiloKeyRule, MasterSlaveSiloKeyPlacement>(PinnedToSiloAttribute.Directory);
        services.AddRule<LocalSiloRule, MasterSlaveLocalPlacement>(LocalToCallerAttribute.Directory);
        services.AddSingleton<ReplicatedTypeResolver>();
        services.AddSingleton<IPlacementStrategyResolver>(provider => provider.GetRequiredService<ReplicatedTypeResolver>());
        services.AddSingleton<IGrainDirectoryResolver>(provider => provider.GetRequiredService<ReplicatedTypeResolver>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IConfigureGrainTypeComponents, GroupContextConfigurator>();
        services.AddSingleton<IConfigurationValidator, ReplicatedGrainValidator>();
        DecorateTimers(services);
        GroupContextAccessor.Decorate(services);
        services.Insert(0, ServiceDescriptor.Singleton<IIncomingGrainCallFilter, OwnCallsFilter>());
        return services;
    }

    private static void AddRule<TRule, TStrategy>(this IServiceCollection services, string directory)
        where TRule : SiloRule
        where TStrategy : PlacementStrategy, new()
    {
        services.AddSingleton<TRule>();
        services.AddGrainDirectory(directory, (provider, _) => new ComputedGrainDirectory(provider.GetRequiredService<TRule>()));
        services.AddPlacementDirector<TStrategy>(provider => new ComputedPlacementDirector(provider.GetRequiredService<TRule>()));
    }

    private static void DecorateTimers(IServiceCollection services)
    {
        var original = services.Last(service => service.ServiceType == typeof(ITimerRegistry) && !service.IsKeyedService);
        services.AddSingleton<ITimerRegistry>(provider => new ReplicaTimerRegistry((ITimerRegistry)(
            original.ImplementationInstance
            ?? original.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, original.ImplementationType!))));
    }
}
