using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Routing;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Routing;

/// <summary>By which relay a call goes, and what a client remembers of relays.</summary>
public sealed class RelaysTests
{
    private static readonly SiloAddress A = Silo(1), B = Silo(2), C = Silo(3);
    private static readonly Dictionary<SiloAddress, int> None = [];
    private readonly FakeTimeProvider _time = new();
    private readonly Relays _relays;

    public RelaysTests() => _relays = new Relays(_time, new Random(1));

    /// <summary>
    /// Each relay: its silo, when it answered, and after that "cut" from the target, or how often this call was sent by it in vain ("x").
    /// The target is A.
    /// </summary>
    [Theory]
    [InlineData("", "new key")]
    [InlineData("B1", "B")]
    [InlineData("B1 C2", "C")] // the one that answered last
    [InlineData("A1 B2 C3", "A")] // on the target's own silo no link between silos can be at fault
    [InlineData("B2 C3 A1", "A")]
    [InlineData("A1cut B2", "A")] // nor is it cut off from itself
    [InlineData("A1x B2", "B")] // perhaps its gateway is slow
    [InlineData("B2cut C1", "C")]
    [InlineData("B2x C1", "C")]
    [InlineData("B2xx C1x", "C")]
    [InlineData("A1x B2x", "A")] // all were tried: once more, and by none of which nobody knows what is behind it
    [InlineData("B2x", "B")]
    [InlineData("B2x C3cut", "B")]
    [InlineData("B2cut", "new key")]
    [InlineData("B2cut C3cut", "new key")]
    public void Choice(string relays, string expected)
    {
        RelayFacts[] facts = [.. relays.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(r => new RelayFacts(Named(r[..1]), r.EndsWith("cut", StringComparison.Ordinal), r.Count(c => c == 'x'), r[1] - '0'))];
        Assert.Equal(expected == "new key" ? null : Named(expected), RelayChoice.Of(facts, A));
    }

    [Fact]
    public void Key_IsKept_ByTheSiloThatAnswered()
    {
        Assert.Null(_relays.KeyTo(A, None).Silo);
        _relays.Answered("k", B);
        Assert.Equal(new RelayKey("k", B), _relays.KeyTo(A, None));
        _relays.Answered("k", C); // the gateways have changed, and nobody said so
        Assert.Equal(new RelayKey("k", C), _relays.KeyTo(A, None));
        _relays.Answered("l", B);
        Assert.Equal(new RelayKey("k", C), _relays.KeyTo(A, new Dictionary<SiloAddress, int> { [B] = 1 }));
    }

    [Fact]
    public void Key_IsDropped_WhenItIsSilent_AndWhenGatewaysComeOrGo()
    {
        _relays.Answered("k", B);
        _relays.Silent("k");
        Assert.Null(_relays.KeyTo(A, None).Silo);
        _relays.Answered("k", B);
        _relays.ForgetKeys();
        Assert.Null(_relays.KeyTo(A, None).Silo);
    }

    [Fact]
    public void Cut_CountsForTheTwoSilosOnly_AndForAWhile()
    {
        _relays.Answered("k", B);
        Assert.False(_relays.CouldNotReach(B, A));
        Assert.Null(_relays.KeyTo(A, None).Silo);
        Assert.Equal(B, _relays.KeyTo(C, None).Silo);
        _time.Advance(Relays.CutMemory);
        Assert.Equal(B, _relays.KeyTo(A, None).Silo);
        _relays.CouldNotReach(B, A);
        _relays.Reached(B, A);
        Assert.Equal(B, _relays.KeyTo(A, None).Silo);
    }

    /// <summary>A silo that is cut off reaches nobody: what it says of others is no word against them. Two of the same mind are.</summary>
    [Fact]
    public void Target_IsAtFault_WhenTwoSilosCouldNotReachIt()
    {
        Assert.False(_relays.CouldNotReach(B, A));
        Assert.False(_relays.CouldNotReach(B, A));
        Assert.False(_relays.CouldNotReach(B, C));
        Assert.True(_relays.CouldNotReach(C, A));
        _time.Advance(Relays.CutMemory);
        Assert.False(_relays.CouldNotReach(C, A));
    }

    [Fact]
    public void NewKeys_AreOthers_AndBounded()
    {
        Assert.Equal(8, _relays.Unassigned(8).Distinct().Count());
        Assert.InRange(Enumerable.Range(0, 1_000).SelectMany(_ => _relays.Unassigned(1)).Distinct().Count(), 2, 64);
    }

    [Fact]
    public void Scout_FillsAGap_AndReplacesNothing()
    {
        _relays.Answered("k", B);
        _relays.Found("l", B);
        _relays.Found("m", C);
        Assert.Equal(new RelayKey("k", B), _relays.KeyTo(B, None));
        Assert.Equal(new RelayKey("m", C), _relays.KeyTo(C, None));
    }

    private static SiloAddress Named(string name) => name switch { "A" => A, "B" => B, _ => C };
    private static SiloAddress Silo(int port) => SiloAddress.New(System.Net.IPAddress.Loopback, port, 1);
}
