using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
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
    /// <param name="builder">The silo.</param>
    /// <param name="configure">Sets the options; <see cref="MasterSlaveOptions.LogDirectory"/> is required.</param>
    /// <returns>The same builder.</returns>
    public static ISiloBuilder AddMasterSlave(this ISiloBuilder builder, Action<MasterSlaveOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.Configure(configure);
        if (builder.Services.Any(s => s.ServiceType == typeof(MasterSlaveNode))) return builder;

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<IConfigurationValidator, MasterSlaveOptionsValidator>();
        builder.Services.AddMasterSlavePlacement();
        builder.Services.AddMasterSlaveRouting(throughGateways: false);
        builder.Services.AddSingleton<MasterSlaveNode>();
        builder.Services.AddSingleton<IReachability, NodeReachability>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(s => s.GetRequiredService<MasterSlaveNode>());
        builder.AddGrainExtension<Orleans.MasterSlave.Contracts.IReplicaEndpoint, ReplicaEndpoint>();
        builder.AddGrainExtension<IReplicaPeer, ReplicaPeer>();
        return builder;
    }
}
