using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Routing;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.RoutingTests;

/// <summary>Gateways that do not get a call to its replica, and relays that do, or do not.</summary>
public sealed class RelayTests : IAsyncLifetime
{
    private readonly FakeCluster _cluster = new(); // of its own for each test: a client remembers ways

    private FakeGroups Groups => _cluster.Groups;
    private SiloAddress A => _cluster.Silos[0];
    private SiloAddress B => _cluster.Silos[1];
    private SiloAddress C => _cluster.Silos[2];

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private List<Arrival> Arrivals(GroupId group) => [.. Groups.Arrivals.Where(a => a.Group == group)];

    /// <summary>
    /// Every direct way is dead, as behind one gateway that is cut off; so is every relay but the one on the master's own silo.
    /// </summary>
    [Theory]
    [InlineData(false)] // the relays' silos know that they do not hear the master's
    [InlineData(true)] // they do not know it yet
    public async Task SiloThatNoOtherSiloReaches_IsReachedByItsOwnRelay(bool unnoticed)
    {
        var (grain, group) = _cluster.NewGroup();
        await grain.Write("x");
        Groups.IsLost = (called, relay, target) => called == group && !target.Equals(relay);
        Groups.Reach = (relay, target) => unnoticed || relay.Equals(target) || !target.Equals(A) ? Reach.Heard : Reach.Unheard;
        Assert.Equal(2, await grain.Write("y"));
        Assert.Equal(3, await grain.Write("z"));
        Assert.Equal(A, Arrivals(group).Last(a => A.Equals(a.Silo)).Relay);
        Assert.Equal(3, Groups.Answers.Keys.Count(key => key.Item1 == group));
    }

    /// <summary>
    /// The relay that is found first is on a silo that reaches nobody else: that silo is to blame, and neither the master's nor the call.
    /// </summary>
    [Fact]
    public async Task RelayOnASiloThatIsCutOff_BlamesNobodyElse_AndIsNotAskedAgain()
    {
        var (grain, group) = _cluster.NewGroup();
        await grain.Write("x");
        var asked = 0;
        Groups.IsLost = (called, relay, _) => called == group && (relay is null || relay.Equals(C));
        Groups.Reach = (relay, target) =>
        {
            if (!relay.Equals(C) || target.Equals(C)) return Reach.Heard;
            if (target.Equals(A)) Interlocked.Increment(ref asked);
            return Reach.Unheard;
        };
        _cluster.Service<Relays>().Answered(await KeyOfAsync(C), C);
        Assert.Equal(2, await grain.Write("y"));
        Assert.Equal(1, asked);
        Assert.False(_cluster.Service<SuspectSilos>().IsSuspect(A));
        Assert.Equal(3, await grain.Write("z"));
        Assert.Equal(1, asked);
        Assert.DoesNotContain(Arrivals(group), a => C.Equals(a.Relay)); // it knew better than to send it on
    }

    /// <summary>
    /// A relay that knows the address to be a dead one does not send the call on, and no call of any group is sent there again.
    /// </summary>
    [Fact]
    public async Task DeadAddress_IsToldByARelay_AndNeverAskedAgain_ForAnyGroup()
    {
        var dead = SiloAddress.New(B.Endpoint, B.Generation - 1_000);
        var (grain, group) = _cluster.NewGroup(1);
        var (other, otherGroup) = _cluster.NewGroup(1);
        var (view, otherView) = (Groups.Views[group], Groups.Views[otherGroup]);
        (Groups.Views[group], Groups.Views[otherGroup]) = (At(view, dead, 1), At(otherView, dead, 1));
        var told = new TaskCompletionSource();
        var asked = 0;
        Groups.Reach = (_, target) =>
        {
            if (!target.Equals(dead)) return Reach.Heard;
            Interlocked.Increment(ref asked);
            told.TrySetResult();
            return Reach.Gone;
        };

        var write = grain.Write("x");
        await told.Task.WaitAsync(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Groups.Views[group] = At(view, A, 2);
        Assert.Equal(1, await write);
        Assert.True(_cluster.Service<GoneSilos>().IsGone(dead));

        var before = asked;
        Assert.IsType<ReplicaUnavailableException>(await Assert.ThrowsAnyAsync<MasterSlaveException>(() => other.Write("x"))); // nothing was sent: nothing was executed
        Groups.Views[otherGroup] = At(otherView, A, 2);
        Assert.Equal(1, await other.Write("y"));
        Assert.Equal(before, asked);
    }

    /// <summary>The direct way is tried by pings, which are no copies of the call; and it is taken again when one is answered.</summary>
    [Fact]
    public async Task DirectWay_IsTriedByPings_AndTakenAgainWhenItWorks()
    {
        var (grain, group) = _cluster.NewGroup();
        await grain.Write("x");
        await Silent(group, A);
        var (sent, pings) = (Arrivals(group).Count, Groups.Pings.Count(g => g == group));
        for (var i = 0; i < 40 && Arrivals(group)[^1].Relay is not null | i == 0; i++)
        {
            await grain.Write("y");
            sent++;
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.Null(Arrivals(group)[^1].Relay);
        Assert.Equal(sent, Arrivals(group).Count); // one copy of each
        Assert.Equal(pings + 1, Groups.Pings.Count(g => g == group));
    }

    private async Task Silent(GroupId group, SiloAddress silo)
    {
        var entry = _cluster.Service<ClientGroups>().Enter(group.Grain);
        await _cluster.Service<DirectWays>().ConfirmSilentAsync(new TaskCompletionSource().Task, entry.Path, silo);
        entry.Path.Of(silo).NextPing = 0;
        entry.Leave();
    }

    private static GroupView At(GroupView view, SiloAddress silo, long startCount) =>
        view with { Replicas = [view.Replicas[0] with { Silo = silo, StartCount = startCount }] };

    private async Task<string> KeyOfAsync(SiloAddress silo)
    {
        for (var i = 0; ; i++)
        {
            var group = new GroupId(GrainId.Create("test.notes", $"key {i}"));
            var reply = await _cluster.Client.GetGrain<IRelayGrain>($"test {i}").ReadAsync(ReplicaGrainId.Create(group, silo), ReadRequest.Ping(GroupBirth.None), TimeSpan.FromSeconds(5));
            if (silo.Equals(reply.Relay)) return $"test {i}";
        }
    }
}
