using Bank.Grains;

namespace Bank.Load;

/// <summary>What became of one operation, as its caller knows it.</summary>
internal enum Outcome : byte
{
    /// <summary>Never sent.</summary>
    NotIssued,

    /// <summary>Sent, and no answer so far.</summary>
    Unanswered,
    Acknowledged,

    /// <summary>Ended in an exception: it may or may not have been executed, but not twice.</summary>
    Failed,
}

/// <summary>One changing call on one account: half of a transfer.</summary>
internal readonly record struct OperationKey(string TransferId, PostingKind Kind);

/// <summary>What the callers sent, and what they were told: the truth that the books are held against.</summary>
internal sealed class Ledger(IReadOnlyList<Transfer> transfers)
{
    // Each pair of cells is written by the one caller that took the transfer, and read when the callers are done.
    private readonly Outcome[] _withdrawals = new Outcome[transfers.Count];
    private readonly Outcome[] _deposits = new Outcome[transfers.Count];

    public IReadOnlyList<Transfer> Transfers => transfers;

    public void Record(int transfer, PostingKind kind, Outcome outcome) => Cells(kind)[transfer] = outcome;

    /// <summary>Transfers that nobody began.</summary>
    public int NotBegun => _withdrawals.Count(outcome => outcome == Outcome.NotIssued);

    public int Count(Outcome outcome) => _withdrawals.Count(o => o == outcome) + _deposits.Count(o => o == outcome);

    /// <summary>Every operation that was sent.</summary>
    public IEnumerable<(OperationKey Key, string Account, decimal Amount, Outcome Outcome)> Issued()
    {
        for (var at = 0; at < transfers.Count; at++)
        {
            var transfer = transfers[at];
            if (_withdrawals[at] != Outcome.NotIssued)
                yield return (new(transfer.Id, PostingKind.Withdrawal), transfer.From, transfer.Amount, _withdrawals[at]);
            if (_deposits[at] != Outcome.NotIssued)
                yield return (new(transfer.Id, PostingKind.Deposit), transfer.To, transfer.Amount, _deposits[at]);
        }
    }

    private Outcome[] Cells(PostingKind kind) => kind == PostingKind.Withdrawal ? _withdrawals : _deposits;
}
