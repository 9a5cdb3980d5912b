using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.MasterSlave;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Placement;
using Orleans.MasterSlave.Shell;

namespace Orleans.Hosting;

/// <summary>Adds replicated grains to a silo.</summary>
public static class MasterSlaveSiloExtensions
{
    /// <summary>
    /// Adds replicated grains: the log, replication, failover, and the routing of calls that this silo's own grains make. Grain storage for group
    /// records, named <c>MasterSlave</c> or the default one, is added beside it. May be called more than once; the options add up.
    /// </summary>
    /// <remarks>
    /// <see cref="MasterSlaveOptions"/> come from the configuration section <c>Orleans:MasterSlave</c>, and <see cref="MasterSlaveClientOptions"/> from
    /// <c>Orleans:MasterSlaveClient</c>; what the code sets goes before. A key there that is no option keeps the silo from starting.
    /// </remarks>
    /// <param name="builder">The silo.</param>
    /// <param name="configure">Sets the options; null: as configured. <see cref="MasterSlaveOptions.LogDirectory"/> is required, here or there.</param>
    /// <returns>The same builder.</returns>
    public static ISiloBuilder AddMasterSlave(this ISiloBuilder builder, Action<MasterSlaveOptions>? configure = null)
    {
        var isFirst = builder.Services.All(s => s.ServiceType != typeof(MasterSlaveNode));
        if (isFirst) builder.Services.AddSingleton<IConfigureOptions<MasterSlaveOptions>>(new ConfiguredOptions<MasterSlaveOptions>(builder.Configuration, "Orleans:MasterSlave"));
        if (configure is not null) builder.Services.Configure(configure);
        if (!isFirst) return builder;

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<IConfigurationValidator, MasterSlaveOptionsValidator>();
        builder.Services.AddSingleton<IConfigurationValidator, LogPlaceCheck>();
        builder.Services.AddMasterSlavePlacement();
        builder.Services.AddMasterSlaveRouting(builder.Configuration, throughGateways: false);
        builder.Services.AddSingleton<MasterSlaveNode>();
        builder.Services.AddSingleton<IReachability, NodeReachability>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(s => s.GetRequiredService<MasterSlaveNode>());
        builder.AddGrainExtension<Orleans.MasterSlave.Contracts.IReplicaEndpoint, ReplicaEndpoint>();
        builder.AddGrainExtension<IReplicaPeer, ReplicaPeer>();
        return builder;
    }
}
