using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Placement;
using Orleans.Runtime;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.MasterSlave.RoutingTests;

/// <summary>Ids that name their silo, and ids that mean "here".</summary>
public sealed class PlacementTests : IAsyncLifetime
{
    private InProcessTestCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(3);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddMasterSlavePlacement();
            silo.AcceptFaultyGrains();
            silo.AddGrainExtension<IProbe, Probe>();
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    private IEnumerable<SiloAddress> Silos => _cluster.Silos.Select(silo => silo.SiloAddress);

    [Fact]
    public async Task ReplicaId_IsActivatedOnItsSilo_WhoeverAsks()
    {
        var group = new GroupId(GrainId.Create("test.notes", "alice"));
        foreach (var silo in Silos)
        {
            var probe = _cluster.Client.GetGrain<IProbe>(ReplicaGrainId.Create(group, silo));
            Assert.Equal(silo.ToParsableString(), await probe.Where());
        }
    }

    [Fact]
    public async Task Grain_SeesItsGroup()
    {
        var group = new GroupId(GrainId.Create("test.notes", "alice"));
        var identity = await _cluster.Client.GetGrain<IProbe>(ReplicaGrainId.Create(group, Silos.Last())).Ask();
        Assert.Equal(new Identity(group.Grain, "alice", group.Grain, group.Grain), identity);
    }

    [Fact]
    public async Task IdWithoutSilo_IsRefused_AndSaysWhy()
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => _cluster.Client.GetGrain<INotesGrain>("bob").Write("x"));
        Assert.Contains("AddMasterSlave", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PinnedToSilo_AnswersFromTheSiloInItsKey()
    {
        foreach (var silo in Silos)
            Assert.Equal(silo.ToParsableString(), await _cluster.Client.GetGrain<IPinnedGrain>(silo.ToParsableString()).Where());
    }

    [Fact]
    public async Task LocalToCaller_AnswersFromTheSiloThatAsks()
    {
        foreach (var silo in _cluster.Silos)
        {
            var factory = silo.ServiceProvider.GetRequiredService<IGrainFactory>();
            Assert.Equal(silo.SiloAddress.ToParsableString(), await factory.GetGrain<ILocalGrain>("same").Where());
        }
    }

    [Fact]
    public async Task LocalToCaller_FreshKeys_SpreadOverGateways()
    {
        HashSet<string> seen = [];
        for (var i = 0; i < 60; i++) seen.Add(await _cluster.Client.GetGrain<ILocalGrain>($"key {i}").Where());
        Assert.Equal(3, seen.Count);
    }

    [Fact]
    public async Task KilledSilo_FailsOnlyIdsOfItsOwn()
    {
        var group = new GroupId(GrainId.Create("test.notes", "carol"));
        var probes = Silos.ToDictionary(silo => silo, silo => _cluster.Client.GetGrain<IProbe>(ReplicaGrainId.Create(group, silo)));
        foreach (var probe in probes.Values) await probe.Where();

        var victim = _cluster.Silos[^1];
        await _cluster.KillSiloAsync(victim, TestContext.Current.CancellationToken);

        foreach (var (silo, probe) in probes.Where(pair => !pair.Key.Equals(victim.SiloAddress)))
            Assert.Equal(silo.ToParsableString(), await probe.Where());
        await Assert.ThrowsAnyAsync<Exception>(() => probes[victim.SiloAddress].Where());
        await Assert.ThrowsAnyAsync<Exception>(() => probes[victim.SiloAddress].Where());
    }
}

internal interface IProbe : IGrainExtension
{
    [AlwaysInterleave] Task<string> Where();
    Task<Identity> Ask();
}

internal sealed class Probe(IGrainContext context, ILocalSiloDetails silo) : IProbe
{
    public Task<string> Where() => Task.FromResult(silo.SiloAddress.ToParsableString());
    public Task<Identity> Ask() => ((INotesGrain)context.GrainInstance!).WhoAreYou();
}

internal interface IPinnedGrain : IGrainWithStringKey
{
    Task<string> Where();
}

[PinnedToSilo]
internal sealed class PinnedGrain(ILocalSiloDetails silo) : Grain, IPinnedGrain
{
    public Task<string> Where() => Task.FromResult(silo.SiloAddress.ToParsableString());
}

internal interface ILocalGrain : IGrainWithStringKey
{
    Task<string> Where();
}

[LocalToCaller]
internal sealed class LocalGrain(ILocalSiloDetails silo) : Grain, ILocalGrain
{
    public Task<string> Where() => Task.FromResult(silo.SiloAddress.ToParsableString());
}
