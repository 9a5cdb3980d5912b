using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.MasterSlave.TestKit;

namespace Orleans.MasterSlave.StoreTests;

/// <summary>Silos and clients of one cluster that are told everything by configuration, but <c>AddMasterSlave()</c>.</summary>
internal sealed class ConfiguredHosts(TempDirectory directory, IReadOnlyDictionary<string, string?> store)
{
    private readonly string _cluster = Guid.NewGuid().ToString("N"); // stores are shared by tests

    /// <param name="name">The silo's log folder: the same name is the same node.</param>
    public IHost Silo(string name)
    {
        var settings = Common();
        settings["Orleans:Endpoints:AdvertisedIPAddress"] = "127.0.0.1";
        settings["Orleans:Endpoints:SiloPort"] = FreePort();
        settings["Orleans:Endpoints:GatewayPort"] = FreePort();
        settings["Orleans:MasterSlave:LogDirectory"] = directory.File(name);
        foreach (var (key, value) in store) settings[$"Orleans:GrainStorage:MasterSlave:{key}"] = value;
        var builder = BuilderWith(settings);
        builder.UseOrleans(silo => silo.AddMasterSlave());
        return builder.Build();
    }

    public IHost Client()
    {
        var builder = BuilderWith(Common());
        builder.UseOrleansClient(client => client.AddMasterSlave());
        return builder.Build();
    }

    private Dictionary<string, string?> Common() => new()
    {
        ["Orleans:ClusterId"] = _cluster,
        ["Orleans:ServiceId"] = _cluster,
        ["Orleans:Clustering:ProviderType"] = "Sqlite",
        ["Orleans:Clustering:Path"] = directory.File("members.db"),
    };

    private static HostApplicationBuilder BuilderWith(Dictionary<string, string?> settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings);
        if (Environment.GetEnvironmentVariable("MASTERSLAVE_TEST_LOG") is { } file)
            builder.Logging.SetMinimumLevel(LogLevel.Information).AddProvider(new FileLoggerProvider(file, settings.GetValueOrDefault("Orleans:MasterSlave:LogDirectory") ?? "client"));
        return builder;
    }

    private static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}
