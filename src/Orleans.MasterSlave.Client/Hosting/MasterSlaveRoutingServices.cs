using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.GrainReferences;
using Orleans.MasterSlave;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Routing;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>The calling side, on clients and silos alike.</summary>
internal static class MasterSlaveRoutingServices
{
    /// <param name="services">The services.</param>
    /// <param name="configuration">Where options may be given.</param>
    /// <param name="throughGateways">True on a client: a call can be held up by the gateway that it goes through.</param>
    public static IServiceCollection AddMasterSlaveRouting(this IServiceCollection services, IConfiguration configuration, bool throughGateways)
    {
        if (services.Any(service => service.ServiceType == typeof(MasterSlaveCallFilter))) return services;

        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IConfigureOptions<MasterSlaveClientOptions>>(new ConfiguredOptions<MasterSlaveClientOptions>(configuration, "Orleans:MasterSlaveClient"));
        services.AddOptions<MasterSlaveClientOptions>();
        services.AddSingleton<IConfigurationValidator, MasterSlaveClientOptionsValidator>();
        services.TryAddSingleton<CallSerializer>();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<MasterSlaveClientOptions>>().Value);
        services.AddSingleton(provider => ClientTimes.From(provider.GetRequiredService<MasterSlaveClientOptions>()));
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<MasterSlaveClientOptions>();
            return new ClientGroups(options.MaxTrackedGrains, options.MaxOperationsPerGrain);
        });
        services.AddSingleton<SuspectSilos>();
        services.AddSingleton(provider => new GoneSilos(provider.GetService<ISiloDeaths>()));
        services.AddSingleton(provider => new Relays(provider.GetRequiredService<TimeProvider>(), new Random()));
        services.AddSingleton<RelayScout>();
        services.AddSingleton(provider => new DirectWays(
            throughGateways, provider.GetRequiredService<ClientTimes>().Attempt, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DirectWays>>()));
        if (throughGateways) services.AddSingleton<IClusterConnectionStatusObserver, GatewayObserver>();
        services.AddSingleton(provider => new AttemptWatch(provider.GetRequiredService<ClientTimes>().Attempt, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<AttemptSender>();
        services.AddSingleton(_ => new ReadIds(RequestIds.NewClientId()));
        services.AddSingleton<ReadQuestions>();
        services.AddSingleton<CallRerouter>();
        services.AddSingleton<CallRouter>();
        services.AddSingleton<MasterSlaveCallFilter>();
        services.AddSingleton<IReplicatedGrainDiagnostics, ReplicatedGrainDiagnostics>();
        services.AddSingleton<IReplicatedGrainRepair, ReplicatedGrainRepair>();
        if (!throughGateways) GuardOperations(services);
        services.Insert(0, ServiceDescriptor.Singleton<IGrainReferenceActivatorProvider, ReplicatedReferenceProvider>());
        return services;
    }

    private static void GuardOperations(IServiceCollection services)
    {
        var orleans = services.Last(service => service.ServiceType == typeof(IGrainReferenceRuntime) && !service.IsKeyedService).ImplementationType!;
        services.AddSingleton<IGrainReferenceRuntime>(provider =>
            new OperationGuard((IGrainReferenceRuntime)ActivatorUtilities.CreateInstance(provider, orleans)));
    }
}
