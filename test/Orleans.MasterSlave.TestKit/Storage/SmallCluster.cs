using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.MasterSlave.TestKit;

/// <summary>Plain silos and one client in this process, on real membership and TCP.</summary>
public sealed class SmallCluster : IAsyncDisposable
{
    private readonly List<IHost> _silos = [];
    private IHost? _client;

    public IClusterClient Client => _client!.Services.GetRequiredService<IClusterClient>();

    public IReadOnlyList<SiloAddress> Silos => [.. _silos.Select(silo => silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress)];

    /// <summary>Starts the silos, then the client, and waits until every silo sees all of them active.</summary>
    public static async Task<SmallCluster> StartAsync(
        int silos, Action<ISiloBuilder> configureSilo, Action<IClientBuilder> configureClient, CancellationToken cancelled)
    {
        var cluster = new SmallCluster();
        try
        {
            for (var i = 0; i < silos; i++)
            {
                cluster._silos.Add(BuildSilo(configureSilo));
                await cluster._silos[i].StartAsync(cancelled);
            }

            foreach (var silo in cluster._silos)
            {
                await WaitForMembers(silo, silos, cancelled);
            }

            cluster._client = new HostBuilder()
                .ConfigureLogging(Quiet)
                .UseOrleansClient(client =>
                {
                    client.Configure<ClusterOptions>(Name);
                    configureClient(client);
                })
                .Build();
            await cluster._client.StartAsync(cancelled);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        IEnumerable<IHost> hosts = _client is null ? _silos : [_client, .. _silos];
        foreach (var host in hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    private static IHost BuildSilo(Action<ISiloBuilder> configure)
        => new HostBuilder()
            .ConfigureLogging(Quiet)
            .UseOrleans(silo =>
            {
                silo.Configure<ClusterOptions>(Name);
                silo.Configure<GrainTypeOptions>(options => options.Classes.RemoveWhere(type => type.IsDefined(typeof(ReplicatedAttribute), inherit: true)));
                silo.ConfigureEndpoints(IPAddress.Loopback, FreePort(), FreePort());
                configure(silo);
            })
            .Build();

    private static async Task WaitForMembers(IHost silo, int count, CancellationToken cancelled)
    {
        var membership = silo.Services.GetRequiredService<IClusterMembershipService>();
        var updates = membership.MembershipUpdates.GetAsyncEnumerator(cancelled);
        while (membership.CurrentSnapshot.Members.Values.Count(member => member.Status == SiloStatus.Active) < count)
        {
            await updates.MoveNextAsync();
        }
    }

    private static void Name(ClusterOptions options) => (options.ClusterId, options.ServiceId) = ("test-cluster", "test-service");

    private static void Quiet(ILoggingBuilder logging) => logging.ClearProviders();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
