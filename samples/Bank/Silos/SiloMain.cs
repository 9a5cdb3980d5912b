using System.Net;
using Bank.Network;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Bank.Silos;

/// <summary>The whole of a silo process.</summary>
internal static class SiloMain
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var (settings, parent) = SiloSettings.FromArguments(arguments);
        Signals.DieWithParent(parent);

        var builder = Host.CreateApplicationBuilder();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopLimit);
        ConfigureLog(builder.Logging);
        builder.UseOrleans(silo => Configure(silo, settings));

        using var host = builder.Build();
        await host.StartAsync();
        await File.WriteAllTextAsync(settings.ReadyFile, "");
        _ = StopAtEndOfInputAsync(host.Services.GetRequiredService<IHostApplicationLifetime>());
        await host.WaitForShutdownAsync();
        return 0;
    }

    private static void Configure(ISiloBuilder silo, SiloSettings settings)
    {
        silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (settings.Cluster, settings.Cluster));
        silo.Configure<SiloOptions>(options => options.SiloName = settings.Name);
        silo.ConfigureEndpoints(IPAddress.Loopback, settings.SiloPort, settings.GatewayPort);
        silo.UseSqliteClustering(settings.Store);
        silo.AddSqliteGrainStorage("MasterSlave", settings.Store);
        silo.AddMasterSlave(options => options.LogDirectory = settings.ReplicationLogDirectory);
        if (settings.SwitchPort != 0) SwitchedConnections.Use(silo.Services, settings.SwitchPort, settings.Number);
    }

    private static void ConfigureLog(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
        logging.SetMinimumLevel(LogLevel.Warning);
        logging.AddFilter("Orleans.MasterSlave", LogLevel.Information);
    }

    /// <summary>The bank holds the other end of standard input: that it ends means to stop, or that the bank died.</summary>
    private static async Task StopAtEndOfInputAsync(IHostApplicationLifetime lifetime)
    {
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(Stream.Null);
        lifetime.StopApplication();
        // A silo that cannot stop in order, because the others are gone too, must not stay behind.
        await Task.Delay(StopLimit * 2);
        Environment.Exit(1);
    }
}
