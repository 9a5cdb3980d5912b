using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.MasterSlave.Benchmarks.Grains;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.TestKit;

namespace Orleans.MasterSlave.Benchmarks.Cluster;

/// <summary>The whole of a silo process.</summary>
internal static class SiloMain
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var settings = SiloSettings.FromArguments(arguments);
        var builder = Host.CreateApplicationBuilder();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopLimit);
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Orleans.MasterSlave", LogLevel.Information);
        builder.UseOrleans(silo => Configure(silo, settings));

        var largestGap = 0.0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Name == MasterSlaveMetrics.HeartbeatGapName) listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, gap, _, _) =>
        {
            lock (listener) largestGap = Math.Max(largestGap, gap);
        });
        listener.Start();

        using var host = builder.Build();
        await host.StartAsync();
        _ = StopAtEndOfInputAsync(host.Services.GetRequiredService<IHostApplicationLifetime>());
        await host.WaitForShutdownAsync();
        await File.WriteAllTextAsync(settings.HeartbeatGapFile, (largestGap * 1000).ToString("0", CultureInfo.InvariantCulture));
        return 0;
    }

    private static void Configure(ISiloBuilder silo, SiloSettings settings)
    {
        silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (settings.Cluster, settings.Cluster));
        silo.Configure<SiloOptions>(options => options.SiloName = settings.Name);
        silo.ConfigureEndpoints(IPAddress.Loopback, settings.SiloPort, settings.GatewayPort);
        silo.UseSqliteClustering(settings.Store);
        if (!settings.PlugIn)
        {
            silo.Configure<GrainTypeOptions>(options => options.Classes.RemoveWhere(type => type.IsDefined(typeof(ReplicatedAttribute), inherit: true)));
            return;
        }

        silo.AddSqliteGrainStorage("MasterSlave", settings.Store);
        silo.AddMasterSlave(options => options.LogDirectory = settings.LogDirectory);
        var postgres = Environment.GetEnvironmentVariable(SiloSettings.PostgresVariable);
        silo.AddAdoNetGrainStorage(
            PostgresBox.Storage,
            (AdoNetGrainStorageOptions options) => (options.Invariant, options.ConnectionString) = (PostgresDatabase.Invariant, postgres));
    }

    /// <summary>The benchmark holds the other end of standard input: that it ends means to stop, or that the benchmark died.</summary>
    private static async Task StopAtEndOfInputAsync(IHostApplicationLifetime lifetime)
    {
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(Stream.Null);
        lifetime.StopApplication();
        // A silo that cannot stop in order, because the other is gone too, must not stay behind.
        await Task.Delay(StopLimit * 2);
        Environment.Exit(1);
    }
}
