using Bank.Grains;

namespace Bank.Audit;

/// <summary>The books of one account as one replica has them.</summary>
internal sealed record ReplicaBooks(string Account, string Silo, Statement Statement)
{
    /// <summary>Does the balance follow from the postings?</summary>
    public bool IsBalanced => Statement.Balance == Statement.Postings.Sum(posting => posting.Kind == PostingKind.Deposit ? posting.Amount : -posting.Amount);

    public bool HasSameBooksAs(ReplicaBooks other) =>
        Statement.Balance == other.Statement.Balance && Statement.Postings.AsSpan().SequenceEqual(other.Statement.Postings.AsSpan());
}
