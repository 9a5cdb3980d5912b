using Microsoft.Extensions.DependencyInjection;

namespace Orleans.MasterSlave.Placement;

/// <summary>What runs in a replica sees its group: the id that callers use, as <c>this.GetGrainId()</c> does in the grain itself.</summary>
internal sealed class GroupContextAccessor(IGrainContextAccessor inner) : IGrainContextAccessor
{
    public IGrainContext GrainContext => GroupGrainContext.Of(inner.GrainContext);

    /// <summary>Puts it before Orleans' own, and does the same for an injected <see cref="IGrainContext"/>.</summary>
    public static void Decorate(IServiceCollection services)
    {
        var accessor = Own<IGrainContextAccessor>(services);
        services.AddSingleton<IGrainContextAccessor>(provider => new GroupContextAccessor((IGrainContextAccessor)Make(accessor, provider)));
        var context = Own<IGrainContext>(services);
        services.AddScoped(provider => GroupGrainContext.Of((IGrainContext)Make(context, provider)));
    }

    private static ServiceDescriptor Own<T>(IServiceCollection services) =>
        services.Last(service => service.ServiceType == typeof(T) && !service.IsKeyedService);

    private static object Make(ServiceDescriptor service, IServiceProvider provider) =>
        service.ImplementationInstance
        ?? service.ImplementationFactory?.Invoke(provider)
        ?? ActivatorUtilities.CreateInstance(provider, service.ImplementationType!);
}
