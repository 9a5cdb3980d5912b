using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Placement;
using Orleans.MasterSlave.TestKit;
using Orleans.Runtime;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.MasterSlave.RoutingTests;

/// <summary>Ids that name their silo, and ids that mean "here".</summary>
public sealed class PlacementTests : IAsyncLifetime
{
    private readonly KeptLog _log = new();
    private InProcessTestCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(3);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddMasterSlavePlacement();
            silo.AcceptFaultyGrains();
            silo.AddGrainExtension<IProbe, Probe>();
            silo.Services.AddLogging(logging => logging.AddProvider(_log));
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

    /// <summary>
    /// Callers knock at a dead address: each knock is refused at once, with a line in the log at most, and no exception is thrown,
    /// retried and logged in placement.
    /// </summary>
    [Fact]
    public async Task KnocksAtADeadSilo_AreRefused_WithoutRetriesOrStackTraces()
    {
        var victim = _cluster.Silos[^1];
        await _cluster.KillSiloAsync(victim, TestContext.Current.CancellationToken);
        var left = _cluster.Silos.Where(silo => silo != victim).ToList();
        await Eventually.TrueAsync(
            () => Task.FromResult(left.All(silo => silo.ServiceProvider.GetRequiredService<SiloDeaths>().IsDead(victim.SiloAddress))), "the silo is declared dead");
        var before = _log.Lines.Count;
        for (var i = 0; i < 20; i++)
        {
            var id = ReplicaGrainId.Create(new GroupId(GrainId.Create("test.notes", $"dead {i}")), victim.SiloAddress);
            await Assert.ThrowsAnyAsync<Exception>(() => _cluster.Client.GetGrain<IProbe>(id).Where().WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
        }

        var lines = _log.Lines.Skip(before).ToList();
        Assert.DoesNotContain(lines, line => line.Contains("OnRetry", StringComparison.Ordinal) || line.Contains("Failed to address", StringComparison.Ordinal));
        Assert.InRange(lines.Count(line => line.Contains("dead ", StringComparison.Ordinal)), 0, 20);
    }
}

/// <summary>Keeps what silos log, from information on: category and message.</summary>
internal sealed class KeptLog : ILoggerProvider
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => new Category(categoryName, this);

    public void Dispose()
    {
    }

    private sealed class Category(string name, KeptLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) log.Lines.Enqueue($"{name} {formatter(state, exception)} {exception?.Message}");
        }
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
