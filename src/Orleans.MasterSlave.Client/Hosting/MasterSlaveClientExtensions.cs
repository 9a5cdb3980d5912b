using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Orleans.Hosting;

/// <summary>Adds replicated grains to a client.</summary>
public static class MasterSlaveClientExtensions
{
    private static readonly TimeSpan GatewayListRefreshPeriod = TimeSpan.FromSeconds(5);

    /// <summary>Lets this client call replicated grains. Calling it again only adds to the options. Silos have an <c>AddMasterSlave</c> of their own.</summary>
    /// <remarks>Unless <see cref="GatewayOptions.GatewayListRefreshPeriod"/> was changed before, it becomes 5 seconds; change it afterwards for another.
    /// The options come from the configuration section <c>Orleans:MasterSlaveClient</c>; what the code sets goes before.</remarks>
    /// <param name="builder">The client builder.</param>
    /// <param name="configure">Changes the options; null for the defaults.</param>
    /// <returns>The client builder.</returns>
    public static IClientBuilder AddMasterSlave(this IClientBuilder builder, Action<MasterSlaveClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddMasterSlaveRouting(builder.Configuration, throughGateways: true);
        builder.Configure<GatewayOptions>(FindGatewaysSoon);
        if (configure is not null) builder.Configure(configure);
        return builder;
    }

    // By default a client looks for new gateways once a minute. One that knows a single gateway, and loses it, would be cut off for as long.
    private static void FindGatewaysSoon(GatewayOptions options)
    {
        if (options.GatewayListRefreshPeriod == new GatewayOptions().GatewayListRefreshPeriod) options.GatewayListRefreshPeriod = GatewayListRefreshPeriod;
    }
}
