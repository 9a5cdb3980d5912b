using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Orleans.MasterSlave.Benchmarks.Cluster;

/// <summary>A cluster of two silo processes, and a client of it in this process.</summary>
internal sealed class SiloPair : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);

    private readonly List<SiloProcess> _processes;
    private readonly IHost _host;

    private SiloPair(SiloSettings[] settings, string? postgres)
    {
        _processes = [.. settings.Select(s => new SiloProcess(s, postgres))];
        _host = BuildClient(settings[0]);
    }

    public IClusterClient Client => _host.Services.GetRequiredService<IClusterClient>();
    public IReplicatedGrainDiagnostics Diagnostics => _host.Services.GetRequiredService<IReplicatedGrainDiagnostics>();

    /// <summary>The two silos. Empty until started.</summary>
    public SiloAddress[] Silos { get; private set; } = [];

    /// <param name="name">Of the cluster, and of its folder.</param>
    /// <param name="directory">Where that folder comes to be.</param>
    /// <param name="postgres">Connection string for grain storage; null for a cluster without the plug-in.</param>
    public static async Task<SiloPair> StartAsync(string name, string directory, string? postgres)
    {
        var folder = Directory.CreateDirectory(Path.Combine(directory, name)).FullName;
        var cluster = $"{name}-{Guid.NewGuid():N}";
        var ports = FreePorts.Find(4);
        SiloSettings Settings(int silo) => new($"{name}-{silo + 1}", ports[2 * silo], ports[2 * silo + 1], cluster, folder, postgres is not null);
        var pair = new SiloPair([Settings(0), Settings(1)], postgres);
        try
        {
            using var limit = new CancellationTokenSource(StartLimit);
            await pair.ConnectAsync(limit.Token);
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>The largest time between two heartbeats that a silo heard of the other, once both have stopped in order; null: not told.</summary>
    public TimeSpan? LargestHeartbeatGap
    {
        get
        {
            var files = _processes.Select(process => process.Settings.HeartbeatGapFile).Where(File.Exists).ToList();
            return files.Count == 0 ? null : TimeSpan.FromMilliseconds(files.Max(file => double.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture)));
        }
    }

    public void ThrowIfOneEnded() => _processes.ForEach(process => process.ThrowIfEnded());

    public async ValueTask DisposeAsync()
    {
        using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3)))
        {
            try
            {
                await _host.StopAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                // The process ends anyway.
            }
        }

        _host.Dispose();
        await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));
    }

    private async Task ConnectAsync(CancellationToken cancellation)
    {
        await _host.StartAsync(cancellation);
        var management = Client.GetGrain<IManagementGrain>(0);
        while (Silos.Length < 2)
        {
            ThrowIfOneEnded();
            await Task.Delay(RetryPause, cancellation);
            Silos = [.. (await management.GetHosts(onlyActive: true)).Keys];
        }
    }

    private IHost BuildClient(SiloSettings settings)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (settings.Cluster, settings.Cluster));
            client.UseSqliteClustering(settings.Store);
            client.UseConnectionRetryFilter(async (_, cancellation) =>
            {
                ThrowIfOneEnded();
                await Task.Delay(RetryPause, cancellation);
                return true;
            });
            if (settings.PlugIn) client.AddMasterSlave();
        });
        return builder.Build();
    }
}
