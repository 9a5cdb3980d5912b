using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Routing;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.RoutingTests;

/// <summary>What can never succeed ends at once, with the reason and the remedy; what the author asked for is honoured.</summary>
public sealed class WrongUseTests : IClassFixture<FakeCluster>
{
    private readonly FakeCluster _cluster;

    public WrongUseTests(FakeCluster cluster)
    {
        _cluster = cluster;
        foreach (var silo in cluster.Silos) cluster.Service<SuspectSilos>().Clear(silo);
    }

    private FakeGroups Groups => _cluster.Groups;

    [Fact]
    public async Task RequestContextValue_ThatCannotBeSerialized_IsRefusedBeforeAnythingIsSent()
    {
        var (grain, group) = _cluster.NewGroup();
        RequestContext.Set("secret", new NoCodec());
        try
        {
            foreach (var call in new Func<Task>[] { () => grain.Write("x"), () => grain.Read() })
            {
                var refusal = await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(call);
                Assert.Contains("RequestContext[\"secret\"]", refusal.Message, StringComparison.Ordinal);
            }
        }
        finally
        {
            RequestContext.Clear();
        }

        Assert.DoesNotContain(Groups.Arrivals, arrival => arrival.Group == group);
    }

    [Theory]
    [InlineData("baggage")]
    [InlineData("Correlation-Context")]
    [InlineData("traceparent")]
    public async Task TracingHeaders_AreNotLogged(string header)
    {
        var (grain, group) = _cluster.NewGroup();
        RequestContext.Set(header, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        RequestContext.Set("tenant", "seven");
        await grain.Write("x");
        RequestContext.Clear();
        var logged = Groups.Arrivals.Single(arrival => arrival.Group == group && arrival.Operation is not null).Operation!;
        Assert.Equal(["tenant"], _cluster.Service<CallSerializer>().Deserialize(logged.Payload).Context!.Keys);
    }

    [Fact]
    public async Task GrainThatCannotBeConstructed_IsToldAtOnce_AndAnotherReplicaAnswersReads()
    {
        var grain = _cluster.Client.GetGrain<IBrokenGrain>(Guid.NewGuid().ToString("N"));
        Groups.ViewOf(new GroupId(grain.GetGrainId()), _cluster.Silos[..2]);
        BrokenGrain.BrokenOn = _ => true;
        foreach (var call in new Func<Task>[] { grain.Write, grain.Read })
        {
            var failure = await Assert.ThrowsAsync<MasterSlaveConfigurationException>(call);
            Assert.Contains("cannot be constructed", failure.Message, StringComparison.Ordinal);
            Assert.Contains("no database for this grain", failure.Message, StringComparison.Ordinal);
        }

        BrokenGrain.BrokenOn = silo => silo.Equals(_cluster.Silos[0]);
        for (var i = 0; i < 4; i++) await grain.Read();
        await Assert.ThrowsAsync<MasterSlaveConfigurationException>(grain.Write); // its master's silo
    }

    [Fact]
    public async Task ResponseTimeout_OfTheMethod_IsTheCallsLimit()
    {
        var (grain, group) = _cluster.NewGroup();
        await grain.Write("x");
        Groups.Meddle = async (called, _, _) =>
        {
            if (called == group) await Groups.Silence.Task;
            return null;
        };
        var failure = await Assert.ThrowsAsync<ReplicaUnavailableException>(() => grain.HurriedRead());
        Assert.Contains("within 00:00:00.7", failure.Message, StringComparison.Ordinal);
        Groups.Meddle = async (called, _, _) =>
        {
            if (called == group) await Task.Delay(3_500, CancellationToken.None); // longer than CallTimeout
            return null;
        };
        Assert.Equal(1, await grain.Patient());
    }

    [Fact]
    public async Task DeactivateOnIdle_InsideAnOperation_IsRefused_AndSaysWhatToDo()
    {
        var (grain, _) = _cluster.NewGroup();
        Assert.Contains("AfterCommit", (await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(grain.Leave)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MigrateOnIdle_IsRefused()
    {
        var (grain, _) = _cluster.NewGroup();
        await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(grain.Migrate);
    }

    /// <summary>As a subscription to a stream binds one.</summary>
    [Fact]
    public async Task Extension_OfTheGrainsOwn_IsRefused()
    {
        var (grain, _) = _cluster.NewGroup();
        Assert.Contains("streams", (await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(grain.Extend)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryContextThatTheGrainGets_ShowsTheGroup()
    {
        var (grain, group) = _cluster.NewGroup();
        Assert.All(await grain.SeenContexts(), seen => Assert.Equal(group.Grain, seen));
    }

    public sealed class NoCodec;
}
