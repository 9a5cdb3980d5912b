using Bank.Load;

namespace Bank.Audit;

/// <summary>What the last line says, and the exit code that goes with it.</summary>
internal sealed record Verdict
{
    public required AuditReport Report { get; init; }

    /// <summary>Calls that ended in an exception, or not at all.</summary>
    public required long FailedCalls { get; init; }
    public required long FailoverP50Ms { get; init; }
    public required long FailoverMaxMs { get; init; }

    /// <summary>Account operations in the orphan files, acknowledged or not; null in sync mode, where none of them was.</summary>
    public IReadOnlySet<LostOperation>? Orphaned { get; init; }

    /// <summary>Whatever else kept the run from being a whole one: not all in sync in time, a group that was never written again.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>Lost operations that no orphan file accounts for.</summary>
    public IEnumerable<LostOperation> LostForGood => Report.Lost.Where(lost => Orphaned is null || !Orphaned.Contains(lost));

    public bool IsGood => !LostForGood.Any() && Report.Duplicated == 0 && FailedCalls == 0 && Report.ReplicasEqual && Report.NotIssued == 0 && Problems.Count == 0;

    public int ExitCode => IsGood ? 0 : 1;

    public string LastLine => FormattableString.Invariant(
        $"acknowledged={Report.Acknowledged} lost={Report.Lost.Count} duplicated={Report.Duplicated} failed_calls={FailedCalls} failover_ms_p50={FailoverP50Ms} failover_ms_max={FailoverMaxMs} replicas_equal={(Report.ReplicasEqual ? "true" : "false")}")
        + (Orphaned is null ? "" : FormattableString.Invariant($" orphaned={Report.Lost.Count(Orphaned.Contains)}"));
}
