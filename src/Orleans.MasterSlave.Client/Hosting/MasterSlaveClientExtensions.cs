using Microsoft.Extensions.DependencyInjection;

namespace Orleans.Hosting;

/// <summary>Adds replicated grains to a client.</summary>
public static class MasterSlaveClientExtensions
{
    /// <summary>Lets this client call replicated grains. Calling it again only adds to the options. Silos have an <c>AddMasterSlave</c> of their own.</summary>
    /// <param name="builder">The client builder.</param>
    /// <param name="configure">Changes the options; null for the defaults.</param>
    /// <returns>The client builder.</returns>
    public static IClientBuilder AddMasterSlave(this IClientBuilder builder, Action<MasterSlaveClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddMasterSlaveRouting(throughGateways: true);
        if (configure is not null) builder.Configure(configure);
        return builder;
    }
}
