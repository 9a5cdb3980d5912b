using Microsoft.Extensions.Configuration;
using Orleans.Hosting;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>Options as a configuration section gives them.</summary>
public sealed class ConfiguredOptionsTests
{
    /// <summary>.NET reads a mere number as days, and a lease of days, with a longer wait, passes every other check.</summary>
    [Theory]
    [InlineData(nameof(MasterSlaveOptions.LeaseDuration), "1")]
    [InlineData(nameof(MasterSlaveOptions.MaxStaleness), " 5 ")]
    [InlineData(nameof(MasterSlaveOptions.TurnTimeout), "30")]
    public void DurationThatIsAMereNumber_IsRefused(string option, string value) => Assert.Contains(
        $"{option} is '{value}', which would be days", Assert.Throws<MasterSlaveConfigurationException>(() => Configured(option, value)).Message, StringComparison.Ordinal);

    [Fact]
    public void DurationInFull_IsTaken() => Assert.Equal(TimeSpan.FromSeconds(1.5), Configured(nameof(MasterSlaveOptions.LeaseDuration), "00:00:01.5").LeaseDuration);

    private static MasterSlaveOptions Configured(string option, string value)
    {
        var options = new MasterSlaveOptions();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new($"Orleans:MasterSlave:{option}", value)]).Build();
        new ConfiguredOptions<MasterSlaveOptions>(configuration, "Orleans:MasterSlave").Configure(options);
        return options;
    }
}
