using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replicas;
using Xunit;

namespace Orleans.MasterSlave.Tests.Replica;

/// <summary>What a replica does with a call, decision by decision.</summary>
public sealed class ServerPolicyTests
{
    private const int MaxBytes = 100;

    private static readonly ReplicaStanding Serving =
        new(Quarantined: false, IsMaster: true, BarrierCommitted: true, EnoughInSync: true, HasRoom: true, IsFresh: true, LeaseIsValid: true, MayAnswer: true);

    private static readonly ReplicaStanding Slave = Serving with { IsMaster = false, BarrierCommitted = false, LeaseIsValid = false, MayAnswer = false };

    public enum Who { Serving, Slave, Quarantined, Beginning, BeginningTooFew, BeginningFull, TooFew, Full, AloneWithoutLease, WithoutFirstState }

    /// <summary>Before the barrier is committed nothing is refused: a copy of the request may be among what was inherited (W7, W8).</summary>
    [Theory]
    [InlineData(Who.Serving, 10, false, nameof(ServerDecision.Execute))]
    [InlineData(Who.Serving, 101, false, nameof(ServerDecision.RefuseTooLarge))]
    [InlineData(Who.Serving, 101, true, nameof(ServerDecision.Execute))] // taken under another silo's limit: it has its answer
    [InlineData(Who.Slave, 10, false, nameof(ServerDecision.Redirect))]
    [InlineData(Who.Slave, 101, false, nameof(ServerDecision.Redirect))]
    [InlineData(Who.Quarantined, 10, false, nameof(ServerDecision.RefuseQuarantined))]
    [InlineData(Who.Beginning, 10, false, nameof(ServerDecision.AwaitBarrier))]
    [InlineData(Who.Beginning, 101, false, nameof(ServerDecision.AwaitBarrier))]
    [InlineData(Who.WithoutFirstState, 10, false, nameof(ServerDecision.RefuseNoFirstState))]
    [InlineData(Who.BeginningTooFew, 10, false, nameof(ServerDecision.AwaitBarrier))]
    [InlineData(Who.BeginningFull, 10, false, nameof(ServerDecision.AwaitBarrier))]
    [InlineData(Who.TooFew, 10, false, nameof(ServerDecision.RefuseTooFewInSync))]
    [InlineData(Who.TooFew, 10, true, nameof(ServerDecision.Execute))]
    [InlineData(Who.AloneWithoutLease, 10, false, nameof(ServerDecision.RefuseAlone))]
    [InlineData(Who.AloneWithoutLease, 10, true, nameof(ServerDecision.Execute))] // its answer waits for the lease
    [InlineData(Who.Full, 10, false, nameof(ServerDecision.RefuseOverloaded))]
    [InlineData(Who.Full, 10, true, nameof(ServerDecision.Execute))]
    public void ForOperation_DecidesByTheReplicasStanding(Who who, int bytes, bool isKnown, string expected) =>
        Assert.Equal(expected, $"{ServerPolicy.ForOperation(StandingOf(who), new OperationFacts(bytes, isKnown, IsOfThisGroup: true), MaxBytes)}");

    [Theory]
    [InlineData(Who.Serving, true, true)]
    [InlineData(Who.Serving, false, false)] // another master may have executed it
    [InlineData(Who.Beginning, true, false)]
    [InlineData(Who.Slave, true, false)]
    [InlineData(Who.Quarantined, true, false)]
    [InlineData(Who.TooFew, true, true)]
    public void KnowsOfNoCopy_OnlyAtAServingMasterUnderItsLease(Who who, bool leaseIsValid, bool expected) =>
        Assert.Equal(expected, ServerPolicy.KnowsOfNoCopy(StandingOf(who) with { LeaseIsValid = leaseIsValid }));

    [Theory]
    [InlineData(Who.Serving, false, nameof(ServerDecision.Execute))]
    [InlineData(Who.Serving, true, nameof(ServerDecision.Execute))]
    [InlineData(Who.Slave, false, nameof(ServerDecision.Execute))]
    [InlineData(Who.Slave, true, nameof(ServerDecision.Redirect))]
    [InlineData(Who.Beginning, false, nameof(ServerDecision.AwaitBarrier))]
    [InlineData(Who.WithoutFirstState, true, nameof(ServerDecision.RefuseNoFirstState))]
    [InlineData(Who.Quarantined, false, nameof(ServerDecision.RefuseQuarantined))]
    public void ForRead_DecidesByTheReplicasStanding(Who who, bool masterOnly, string expected)
    {
        var read = new ReadRequest { Payload = [], Token = SessionToken.None, MasterOnly = masterOnly };
        Assert.Equal(expected, $"{ServerPolicy.ForRead(StandingOf(who), read, isOfThisGroup: true)}");
    }

    [Fact]
    public void ForRead_OfAReplicaThatHearsNobody_IsRedirected() =>
        Assert.Equal(ServerDecision.Redirect, ServerPolicy.ForRead(Slave with { IsFresh = false }, Read, isOfThisGroup: true));

    /// <summary>A caller that knows another making of the group gets nothing of this one (I4); a diagnostic read is of this very replica.</summary>
    [Fact]
    public void Call_OfAnotherBirth_IsRedirected()
    {
        Assert.Equal(ServerDecision.Redirect, ServerPolicy.ForOperation(Serving, new OperationFacts(10, IsKnown: true, IsOfThisGroup: false), MaxBytes));
        Assert.Equal(ServerDecision.Redirect, ServerPolicy.ForRead(Serving, Read, isOfThisGroup: false));
        Assert.Equal(ServerDecision.Execute, ServerPolicy.ForRead(Serving, new ReadRequest { Payload = [], Token = default, MasterOnly = false, Diagnostic = true }, isOfThisGroup: false));
    }

    private static ReadRequest Read => new() { Payload = [], Token = SessionToken.None, MasterOnly = false };

    private static ReplicaStanding StandingOf(Who who) => who switch
    {
        Who.Slave => Slave,
        Who.Quarantined => Serving with { Quarantined = true },
        Who.Beginning => Serving with { BarrierCommitted = false },
        Who.WithoutFirstState => Serving with { BarrierCommitted = false, FirstStateFailed = true },
        Who.BeginningTooFew => Serving with { BarrierCommitted = false, EnoughInSync = false },
        Who.BeginningFull => Serving with { BarrierCommitted = false, HasRoom = false },
        Who.TooFew => Serving with { EnoughInSync = false },
        Who.AloneWithoutLease => Serving with { LeaseIsValid = false, MayAnswer = false },
        Who.Full => Serving with { HasRoom = false },
        _ => Serving,
    };
}
