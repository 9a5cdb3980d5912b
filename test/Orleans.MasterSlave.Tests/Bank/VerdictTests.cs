using Bank.Audit;
using Bank.Grains;
using Bank.Load;
using Xunit;

namespace Orleans.MasterSlave.Tests.Bank;

public sealed class VerdictTests
{
    private static readonly LostOperation Lost = new("a", new OperationKey("t1", PostingKind.Deposit));

    private static readonly AuditReport Whole = new()
    {
        Acknowledged = 12, Unanswered = 0, NotIssued = 0, Lost = [], Duplicated = 0, ReplicasEqual = true, Details = [],
    };

    [Fact]
    public void LastLine_InSyncMode_HasTheFixedForm() => Assert.Equal(
        "acknowledged=12 lost=1 duplicated=2 failed_calls=3 failover_ms_p50=1200 failover_ms_max=1500 replicas_equal=false",
        Of(Whole with { Lost = [Lost], Duplicated = 2, ReplicasEqual = false }, failedCalls: 3).LastLine);

    [Fact]
    public void LastLine_InAsyncMode_AddsLostOperationsThatAreOrphaned()
    {
        Assert.EndsWith(" replicas_equal=true orphaned=1", Of(Whole with { Lost = [Lost] }, orphaned: [Lost]).LastLine);
        Assert.EndsWith(" replicas_equal=true orphaned=0", Of(Whole, orphaned: [Lost]).LastLine);
    }

    [Fact]
    public void ExitCode_OfAWholeRun_IsZero() => Assert.Equal(0, Of(Whole).ExitCode);

    [Fact]
    public void ExitCode_WithALossInSyncMode_IsOne() => Assert.Equal(1, Of(Whole with { Lost = [Lost] }).ExitCode);

    [Fact]
    public void ExitCode_WithAnOrphanedLossInAsyncMode_IsZero() => Assert.Equal(0, Of(Whole with { Lost = [Lost] }, orphaned: [Lost]).ExitCode);

    [Fact]
    public void ExitCode_WithALossInNoOrphanFile_IsOne() => Assert.Equal(1, Of(Whole with { Lost = [Lost] }, orphaned: []).ExitCode);

    [Fact]
    public void ExitCode_WithADuplicate_IsOne() => Assert.Equal(1, Of(Whole with { Duplicated = 1 }).ExitCode);

    [Fact]
    public void ExitCode_WithAFailedCall_IsOne() => Assert.Equal(1, Of(Whole, failedCalls: 1).ExitCode);

    [Fact]
    public void ExitCode_WithReplicasThatDiffer_IsOne() => Assert.Equal(1, Of(Whole with { ReplicasEqual = false }).ExitCode);

    [Fact]
    public void ExitCode_WithTransfersNotBegun_IsOne() => Assert.Equal(1, Of(Whole with { NotIssued = 1 }).ExitCode);

    private static Verdict Of(AuditReport report, long failedCalls = 0, HashSet<LostOperation>? orphaned = null) =>
        new() { Report = report, FailedCalls = failedCalls, FailoverP50Ms = 1200, FailoverMaxMs = 1500, Orphaned = orphaned };
}
