using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Xunit;

namespace Orleans.MasterSlave.StoreTests;

/// <summary>Options of replicated grains as a configuration file gives them.</summary>
public sealed class ConfigurationTests
{
    [Fact]
    public void Options_ComeFromTheConfiguration_AndCodeGoesBefore()
    {
        using var host = Silo(
            new() { ["Orleans:MasterSlave:LogDirectory"] = "here", ["Orleans:MasterSlave:LeaseDuration"] = "00:00:02", ["Orleans:MasterSlave:StoreOutage"] = "GoOn" },
            o => o.LogDirectory = "there");

        var options = host.Services.GetRequiredService<IOptions<MasterSlaveOptions>>().Value;

        Assert.Equal(("there", TimeSpan.FromSeconds(2), StoreOutageBehavior.GoOn), (options.LogDirectory, options.LeaseDuration, options.StoreOutage));
    }

    [Fact]
    public void ClientOptions_ComeFromTheConfiguration_OfSilosAndClients()
    {
        Dictionary<string, string?> settings = new() { ["Orleans:MasterSlaveClient:CallTimeout"] = "00:00:07" };
        using var silo = Silo(settings);
        var builder = BuilderWith(settings);
        builder.UseOrleansClient(client => client.UseLocalhostClustering().AddMasterSlave());
        using var client = builder.Build();

        Assert.All([silo, client], host => Assert.Equal(TimeSpan.FromSeconds(7), host.Services.GetRequiredService<IOptions<MasterSlaveClientOptions>>().Value.CallTimeout));
    }

    [Theory]
    [InlineData("Orleans:MasterSlave:LogDirektory", "here", "LogDirektory")]
    [InlineData("Orleans:MasterSlave:LeaseDuration", "two seconds", "LeaseDuration")]
    [InlineData("Orleans:MasterSlave:StoreOutage", "Perhaps", "StoreOutage")]
    public void Key_ThatIsNoOption_OrValueThatDoesNotFit_IsAnError(string key, string value, string named)
    {
        using var host = Silo(new() { [key] = value });

        var error = Assert.Throws<MasterSlaveConfigurationException>(() => host.Services.GetRequiredService<IOptions<MasterSlaveOptions>>().Value);

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("Orleans:MasterSlave", error.Message, StringComparison.Ordinal);
    }

    private static IHost Silo(Dictionary<string, string?> settings, Action<MasterSlaveOptions>? configure = null)
    {
        var builder = BuilderWith(settings);
        builder.UseOrleans(silo => silo.UseLocalhostClustering().AddMasterSlave(configure));
        return builder.Build();
    }

    private static HostApplicationBuilder BuilderWith(Dictionary<string, string?> settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings);
        return builder;
    }
}
