using Orleans.Concurrency;
using Orleans.Hosting;
using Orleans.MasterSlave.Placement;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.MasterSlave.RoutingTests;

public sealed class ReplicatedGrainRulesTests
{
    [Fact]
    public void FaultyGrain_IsRefused_NamingClassAndMethod()
    {
        var faults = ReplicatedGrainRules.FaultsOf(typeof(FaultyGrain), _ => false, _ => true).ToList();
        string[] expected =
        [
            "lacks [GrainType", "[Reentrant]", "cannot serialize its state", "NamelessState lacks [Alias", "Replicas is 9", "MinInSyncReplicas is 0",
            "IFaulty lacks [Alias", "IFaulty.NoAlias lacks [Alias", "IFaulty.Shout: [OneWay]", "IFaulty.Stream: methods that return IAsyncEnumerable",
            "IFaulty.Cancel: GrainCancellationToken", "IFaulty.Prefer carries [ReadPreference]", "IFaulty.Interleave: [AlwaysInterleave]",
        ];
        foreach (var part in expected) Assert.Contains(faults, fault => fault.Contains(part, StringComparison.Ordinal) && fault.Contains(nameof(FaultyGrain), StringComparison.Ordinal));
        Assert.Equal(expected.Length, faults.Count);
    }

    [Fact]
    public async Task Silo_WithAFaultyGrain_DoesNotStart()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) => silo.Services.AddMasterSlavePlacement().AddMasterSlaveRouting(silo.Configuration, throughGateways: false));
        await using var cluster = builder.Build();
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => cluster.DeployAsync(TestContext.Current.CancellationToken));
        Assert.Contains("FaultyGrain: Orleans.MasterSlave.RoutingTests.IFaulty.NoAlias lacks [Alias", refusal.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("cannot serialize its state", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void SoundGrain_HasNoFaults() => Assert.Empty(ReplicatedGrainRules.FaultsOf(typeof(SoundGrain), _ => true, _ => true));

    [Fact]
    public void GrainWithoutReplicated_IsRefused() =>
        Assert.Contains(ReplicatedGrainRules.FaultsOf(typeof(UnmarkedGrain), _ => true, _ => true), fault => fault.Contains("lacks [Replicated]", StringComparison.Ordinal));
}

[GenerateSerializer]
public sealed class NamelessState;

public interface IFaulty : IGrainWithStringKey
{
    Task NoAlias();
    [Alias("a"), OneWay] Task Shout();
    [Alias("b")] IAsyncEnumerable<int> Stream();
    [Alias("c")] Task Cancel(GrainCancellationToken token);
    [Alias("d"), ReadPreference(ReadPreference.Master)] Task Prefer();
    [Alias("e"), AlwaysInterleave] Task Interleave();
}

[Replicated(ReplicationMode.Synchronous, Replicas = 9, MinInSyncReplicas = 0), Reentrant]
public sealed class FaultyGrain : ReplicatedGrain<NamelessState>, IFaulty
{
    public Task NoAlias() => Task.CompletedTask;
    public Task Shout() => Task.CompletedTask;
    public IAsyncEnumerable<int> Stream() => throw new NotSupportedException();
    public Task Cancel(GrainCancellationToken token) => Task.CompletedTask;
    public Task Prefer() => Task.CompletedTask;
    public Task Interleave() => Task.CompletedTask;
}

[Alias("test.ISound")]
public interface ISound : IGrainWithIntegerKey
{
    [Alias("do")] Task Do();
    [Alias("read"), ReadOnly, ReadPreference(ReadPreference.Master)] Task<int> Read(CancellationToken token);
}

[GrainType("test.sound"), Replicated]
public sealed class SoundGrain : ReplicatedGrain<Notes>, ISound
{
    public Task Do() => Task.CompletedTask;
    public Task<int> Read(CancellationToken token) => Task.FromResult(0);
}

[GrainType("test.unmarked")]
public sealed class UnmarkedGrain : ReplicatedGrain<Notes>, ISound
{
    public Task Do() => Task.CompletedTask;
    public Task<int> Read(CancellationToken token) => Task.FromResult(0);
}
