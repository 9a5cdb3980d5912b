using Bank.Load;

namespace Bank.Audit;

/// <summary>An operation that was acknowledged and is missing on at least one replica.</summary>
internal readonly record struct LostOperation(string Account, OperationKey Key);

/// <summary>What the auditor found.</summary>
internal sealed record AuditReport
{
    /// <summary>Operations (withdrawals and deposits: two for a transfer) that were acknowledged.</summary>
    public required int Acknowledged { get; init; }

    /// <summary>Operations sent and never answered.</summary>
    public required int Unanswered { get; init; }

    /// <summary>Transfers that nobody began.</summary>
    public required int NotIssued { get; init; }

    public required IReadOnlyList<LostOperation> Lost { get; init; }

    /// <summary>Executions too many: of an operation that was executed more than once, or that nobody sent.</summary>
    public required int Duplicated { get; init; }

    /// <summary>Every account was read from all its replicas, and their books are the same, posting by posting.</summary>
    public required bool ReplicasEqual { get; init; }

    /// <summary>A line for each thing that is wrong.</summary>
    public required IReadOnlyList<string> Details { get; init; }
}
