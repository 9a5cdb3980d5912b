using Microsoft.Extensions.DependencyInjection;
using Orleans.Metadata;
using Orleans.MasterSlave.Shell;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Placement;

/// <summary>Makes a replicated grain see the group's id instead of its replica's: see <see cref="GroupGrainContext"/>.</summary>
internal sealed class GroupContextActivator(IGrainActivator inner) : IGrainActivator
{
    private readonly Func<IGrainContext, object> _create = inner.CreateInstance;

    public object CreateInstance(IGrainContext context)
    {
        // Stages can be subscribed to only before the activation begins; the shell comes with the first call.
        context.ObservableLifecycle.Subscribe(
            nameof(ReplicaShell), GrainLifecycleStage.First, _ => Task.CompletedTask, _ => context.GetComponent<ReplicaShell>()?.EndAsync() ?? Task.CompletedTask);
        try
        {
            return GroupGrainContext.Construct(context, _create);
        }
        catch (Exception e)
        {
            // Callers must be able to tell it from a silo that is gone: it fails at each attempt.
            throw new MasterSlaveConfigurationException(
                $"{ReplicaKey.GroupOf(context.GrainId)} cannot be constructed on {context.Address.SiloAddress}: {(e.InnerException ?? e).Message}", e);
        }
    }

    public ValueTask DisposeInstance(IGrainContext context, object instance) => inner.DisposeInstance(context, instance);
}

/// <summary>
/// Puts <see cref="GroupContextActivator"/> around the activator of each grain type that this silo has as a replicated one, whatever others say of it. Runs after Orleans' own
/// configurators.
/// </summary>
internal sealed class GroupContextConfigurator(IServiceProvider services) : IConfigureGrainTypeComponents
{
    public void Configure(GrainType grainType, GrainProperties properties, GrainTypeSharedContext shared)
    {
        if (ReplicatedGrainProperties.Find(services.GetRequiredService<IClusterManifestProvider>(), grainType) is null || shared.GetComponent<IGrainActivator>() is not { } inner) return;
        shared.SetComponent<IGrainActivator>(new GroupContextActivator(inner));
    }
}
