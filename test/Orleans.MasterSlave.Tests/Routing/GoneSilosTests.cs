using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Routing;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Routing;

/// <summary>Addresses at which nobody answers any more: what one group's view tells of them holds for all groups.</summary>
public sealed class GoneSilosTests
{
    private static readonly SiloAddress First = Silo(1), Second = Silo(2);
    private readonly GoneSilos _gone = new();

    [Fact]
    public void LifeThatIsOver_IsGone()
    {
        _gone.Mark(View(First, 1, isDown: true));
        Assert.True(_gone.IsGone(First));
        Assert.True(_gone.Mark(View(First, 1)).Replicas[0].IsDown); // another group's view, or an older one, still says that it runs
    }

    [Fact]
    public void EarlierLife_IsGone_WhicheverIsHeardOfFirst()
    {
        _gone.Mark(View(First, 1));
        _gone.Mark(View(Second, 2));
        Assert.True(_gone.IsGone(First));

        var other = new GoneSilos();
        other.Mark(View(Second, 2));
        Assert.True(other.Mark(View(First, 1)).Replicas[0].IsDown);
        Assert.False(other.IsGone(Second));
        Assert.False(_gone.IsGone(Second));
    }

    [Fact]
    public void WhoRuns_IsNotGone_AndViewsAreLeftAsTheyAre()
    {
        var view = View(First, 1);
        Assert.Same(view, _gone.Mark(view));
        Assert.False(_gone.IsGone(First));
    }

    [Fact]
    public void Membership_Counts()
    {
        var gone = new GoneSilos(new Deaths());
        Assert.True(gone.IsGone(First));
        Assert.True(gone.Mark(View(First, 1)).Replicas[0].IsDown);
        Assert.False(gone.IsGone(Second));
    }

    private sealed class Deaths : ISiloDeaths
    {
        public bool IsDead(SiloAddress silo) => silo.Equals(First);
    }

    private static GroupView View(SiloAddress silo, long startCount, bool isDown = false) => new(
        new GroupId(GrainId.Create("g", "k")), new Epoch(1), 1, Node, [new ReplicaAddress(Node, silo, true, startCount, isDown)]);

    private static NodeId Node => new(new Guid(1, 0, 0, new byte[8]));
    private static SiloAddress Silo(int generation) => SiloAddress.New(System.Net.IPAddress.Loopback, 1, generation);
}
