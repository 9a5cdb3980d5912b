using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Placement;
using Orleans.MasterSlave.Routing;
using Orleans.Runtime;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.MasterSlave.RoutingTests;

/// <summary>Three silos in this process with the fake server side, and a client with the real calling side.</summary>
public sealed class FakeCluster : IAsyncLifetime
{
    internal FakeGroups Groups { get; } = new();
    internal CountingFilter Filter { get; } = new();
    public InProcessTestCluster Cluster { get; private set; } = null!;
    public IClusterClient Client => Cluster.Client;
    public SiloAddress[] Silos => [.. Cluster.Silos.Select(silo => silo.SiloAddress)];
    internal T Service<T>() where T : notnull => Client.ServiceProvider.GetRequiredService<T>();

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(3);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddMasterSlavePlacement().AddMasterSlaveRouting(silo.Configuration, throughGateways: false);
            silo.AcceptFaultyGrains();
            silo.Services.AddSingleton(Groups);
            silo.Services.AddSingleton<IReachability, FakeReachability>();
            silo.Services.Insert(0, ServiceDescriptor.Singleton<IIncomingGrainCallFilter, RelayMark>()); // before the library's, to see its calls
            silo.AddGrainExtension<IReplicaEndpoint, FakeReplica>();
            silo.Services.Configure<GrainTypeOptions>(options => options.Classes.RemoveWhere(type =>
                typeof(IGroupDirectoryGrain).IsAssignableFrom(type) && type != typeof(FakeGroupDirectory)));
        });
        builder.ConfigureClient(client =>
        {
            client.AddMasterSlave(options => options.CallTimeout = TimeSpan.FromSeconds(3));
            client.AddMasterSlave();
            client.Services.AddSingleton<IOutgoingGrainCallFilter>(Filter);
        });
        Cluster = builder.Build();
        await Cluster.DeployAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Groups.Silence.TrySetResult();
        await Cluster.DisposeAsync();
    }

    /// <summary>A fresh group, with the first silo as its master and the second as its slave.</summary>
    internal (INotesGrain Grain, GroupId Group) NewGroup(int replicas = 2)
    {
        var grain = Client.GetGrain<INotesGrain>(Guid.NewGuid().ToString("N"));
        var group = new GroupId(grain.GetGrainId());
        Groups.ViewOf(group, Silos[..replicas]);
        return (grain, group);
    }
}

internal sealed class CountingFilter : IOutgoingGrainCallFilter
{
    public List<string> Seen { get; } = [];

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        lock (Seen) Seen.Add($"{context.TargetId} {context.MethodName}");
        await context.Invoke();
    }
}

internal static class FaultyGrains
{
    /// <summary>The notes grain has methods that the start-up check refuses, to see them refused at the call.</summary>
    public static void AcceptFaultyGrains(this ISiloBuilder silo)
    {
        foreach (var check in silo.Services.Where(service => service.ImplementationType == typeof(ReplicatedGrainValidator)).ToList()) silo.Services.Remove(check);
    }
}
