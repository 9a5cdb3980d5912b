using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.MasterSlave.Placement;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.MasterSlave.RoutingTests;

/// <summary>What Orleans offers to grains, and a replicated grain cannot have, is refused when the silo starts, with the remedy.</summary>
public sealed class UnsupportedFeaturesTests
{
    [Theory]
    [InlineData(typeof(PlacedGrain), "[RandomPlacement]", "MasterSlaveOptions.Zone")]
    [InlineData(typeof(CollectedGrain), "[CollectionAgeLimit]", "not collected")]
    [InlineData(typeof(MigratingGrain), "IGrainMigrationParticipant", "State")]
    [InlineData(typeof(StoringGrain), "[PersistentState] stored", "State")]
    [InlineData(typeof(GenericInterfaceGrain), "IOf`1[System.Int32] is generic", "names")]
    [InlineData(typeof(ReadOnlyInClassGrain), "ReadOnlyInClassGrain.Do carries [ReadOnly]", "put it on Orleans.MasterSlave.RoutingTests.ISound.Do")]
    [InlineData(typeof(EndlessGrain), "IEndless.Wait: [ResponseTimeout] is 1.00:00:00", "at most 00:10:00")]
    [InlineData(typeof(SubscribedGrain), "[ImplicitStreamSubscription]", "plain grain")]
    public void Feature_IsRefused_WithTheRemedy(Type grain, string what, string remedy)
    {
        var fault = Assert.Single(ReplicatedGrainRules.FaultsOf(grain, _ => true, _ => true));
        Assert.Contains(grain.Name, fault, StringComparison.Ordinal);
        Assert.Contains(what, fault, StringComparison.Ordinal);
        Assert.Contains(remedy, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void ConstructorParameter_ThatNobodyProvides_IsNamed() => Assert.Contains(
        "takes Uri where, which is not registered",
        Assert.Single(ReplicatedGrainRules.FaultsOf(typeof(NeedyGrain), _ => true, parameter => parameter.ParameterType != typeof(Uri))),
        StringComparison.Ordinal);

    [Fact]
    public void ConstructorParameter_WithADefault_IsNotDemanded() =>
        Assert.Empty(ReplicatedGrainRules.FaultsOf(typeof(ContentGrain), _ => true, _ => false));

    [Fact]
    public void FilterOnTheClass_IsSupported() => Assert.Empty(ReplicatedGrainRules.FaultsOf(typeof(FilteringGrain), _ => true, _ => true));

    [Fact]
    public void BaseClassThatIsNotAbstract_IsToldSo_AndTheOneDerivedFromItIsNot()
    {
        Type[] all = [typeof(SoundGrain), typeof(CommonGrain), typeof(DerivedGrain), typeof(CommonOf<>), typeof(DerivedOf)];
        Assert.Contains($"is the base class of {typeof(DerivedGrain)}", UnsupportedFeatures.OfBaseClass(typeof(CommonGrain), all), StringComparison.Ordinal);
        Assert.Contains("make it abstract", UnsupportedFeatures.OfBaseClass(typeof(CommonOf<>), all), StringComparison.Ordinal);
        foreach (var other in new[] { typeof(SoundGrain), typeof(DerivedGrain), typeof(DerivedOf) })
            Assert.Null(UnsupportedFeatures.OfBaseClass(other, all));
    }

    [Fact]
    public async Task SiloThatHostsTheClass_AndLacksAddMasterSlave_DoesNotStart_AndStartsWithoutTheClass()
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(_ => { }));
        Assert.Contains("is a replicated grain, and this silo lacks silo.AddMasterSlave(...)", refusal.ToString(), StringComparison.Ordinal);
        await StartAsync(silo => silo.Configure<GrainTypeOptions>(
            options => options.Classes.RemoveWhere(type => typeof(IReplicatedGrain).IsAssignableFrom(type))));

        static async Task StartAsync(Action<ISiloBuilder> configure)
        {
            var builder = new InProcessTestClusterBuilder(1);
            builder.ConfigureSilo((_, silo) => configure(silo));
            await using var cluster = builder.Build();
            await cluster.DeployAsync(TestContext.Current.CancellationToken);
        }
    }
}

[GrainType("test.placed"), Replicated, RandomPlacement]
public sealed class PlacedGrain : SoundBase;

[GrainType("test.collected"), Replicated, CollectionAgeLimit(Minutes = 2)]
public sealed class CollectedGrain : SoundBase;

[GrainType("test.migrating"), Replicated]
public sealed class MigratingGrain : SoundBase, IGrainMigrationParticipant
{
    public void OnDehydrate(IDehydrationContext dehydrationContext)
    {
    }

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
    }
}

[GrainType("test.storing"), Replicated]
public sealed class StoringGrain([PersistentState("s")] IPersistentState<Notes> stored) : SoundBase
{
    public object Stored => stored;
}

[GrainType("test.needy"), Replicated]
public sealed class NeedyGrain(Uri where) : SoundBase
{
    public Uri Where => where;
}

[GrainType("test.content"), Replicated]
public sealed class ContentGrain(Uri? where = null) : SoundBase
{
    public Uri? Where => where;
}

[GrainType("test.filtering"), Replicated]
public sealed class FilteringGrain : SoundBase, IIncomingGrainCallFilter
{
    public Task Invoke(IIncomingGrainCallContext context) => context.Invoke();
}

[GrainType("test.read-only-in-class"), Replicated]
public sealed class ReadOnlyInClassGrain : ReplicatedGrain<Notes>, ISound
{
    [ReadOnly] public Task Do() => Task.CompletedTask;
    public Task<int> Read(CancellationToken token) => Task.FromResult(0);
}

[GrainType("test.subscribed"), Replicated, ImplicitStreamSubscription("events")]
public sealed class SubscribedGrain : SoundBase;

[Alias("test.IEndless")]
public interface IEndless : IGrainWithStringKey
{
    [Alias("wait"), ResponseTimeout("1.00:00:00")] Task Wait();
}

[GrainType("test.endless"), Replicated]
public sealed class EndlessGrain : ReplicatedGrain<Notes>, IEndless
{
    public Task Wait() => Task.CompletedTask;
}

[Alias("test.IOf`1")]
public interface IOf<T> : IGrainWithStringKey
{
    [Alias("give")] Task<T> Give();
}

[GrainType("test.generic-interface"), Replicated]
public sealed class GenericInterfaceGrain : ReplicatedGrain<Notes>, IOf<int>
{
    public Task<int> Give() => Task.FromResult(1);
}

public abstract class SoundBase : ReplicatedGrain<Notes>, ISound
{
    public Task Do() => Task.CompletedTask;
    public Task<int> Read(CancellationToken token) => Task.FromResult(0);
}

public class CommonGrain : SoundBase;

[GrainType("test.derived"), Replicated]
public sealed class DerivedGrain : CommonGrain;

public class CommonOf<T> : ReplicatedGrain<T> where T : class, new();

[GrainType("test.derived-of"), Replicated]
public sealed class DerivedOf : CommonOf<Notes>;
