using Bank.Grains;
using Bank.Network;
using Bank.Options;
using Bank.Silos;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Bank.Cluster;

/// <summary>The Orleans client through which the transfers are performed.</summary>
internal sealed class BankClient : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly GrainType _accountType;

    private BankClient(IHost host, BankMode mode)
    {
        _host = host;
        _accountType = GrainType.Create(mode == BankMode.Sync ? SyncAccountGrain.TypeName : AsyncAccountGrain.TypeName);
    }

    public IServiceProvider Services => _host.Services;
    private IClusterClient Grains => _host.Services.GetRequiredService<IClusterClient>();

    public GrainId AccountId(string account) => GrainId.Create(_accountType, account);

    public IAccountGrain Account(string account) => Grains.GetGrain<IAccountGrain>(AccountId(account));

    /// <summary>Connects to a cluster whose silos are active.</summary>
    /// <exception cref="RunFailedException">It cannot.</exception>
    public static async Task<BankClient> ConnectAsync(SiloFleet fleet, BankMode mode, string textLog, CancellationToken cancellation)
    {
        var host = Build(fleet, textLog);
        try
        {
            await host.StartAsync(cancellation);
            return new BankClient(host, mode);
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            host.Dispose();
            throw new RunFailedException($"The client could not connect: {error.Message} See {textLog} and the silos' logs beside it.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        try
        {
            await _host.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // The process ends anyway.
        }
        _host.Dispose();
    }

    private static IHost Build(SiloFleet fleet, string textLog)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(new TextLogProvider(textLog));
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter("Orleans.MasterSlave", LogLevel.Information);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (fleet.Cluster, fleet.Cluster));
            client.UseSqliteClustering(fleet.Store);
            client.AddMasterSlave();
            if (fleet.Switch is { } network) SwitchedConnections.Use(client.Services, network.Port, Wires.Clients);
        });
        return builder.Build();
    }
}
