using System.Globalization;
using Bank.Load;

namespace Bank.Audit;

/// <summary>Holds the books of every replica against what the callers were told. Pure: it takes what was read, and finds.</summary>
internal static class Auditor
{
    /// <param name="ledger">What the callers sent, and were told.</param>
    /// <param name="books">What the replicas hold: as many as could be read, of every account.</param>
    /// <param name="wantedReplicas">How many replicas each account has to have.</param>
    public static AuditReport Examine(Ledger ledger, IReadOnlyCollection<ReplicaBooks> books, int wantedReplicas)
    {
        var found = new Findings(wantedReplicas);
        var booksOf = books.ToLookup(book => book.Account, StringComparer.Ordinal);
        var issuedOn = ledger.Issued().ToLookup(issued => issued.Account, StringComparer.Ordinal);
        var accounts = ledger.Transfers.SelectMany(transfer => new[] { transfer.From, transfer.To })
            .Concat(books.Select(book => book.Account)).Distinct(StringComparer.Ordinal);
        foreach (var account in accounts)
        {
            ReplicaBooks[] replicas = [.. booksOf[account].OrderBy(book => book.Silo, StringComparer.Ordinal)];
            found.CompareReplicas(account, replicas);
            found.CompareOperations(account, [.. issuedOn[account].Select(issued => (new Entry(issued.Key, issued.Amount), issued.Outcome))], replicas);
        }
        return new AuditReport
        {
            Acknowledged = ledger.Count(Outcome.Acknowledged),
            Unanswered = ledger.Count(Outcome.Unanswered),
            NotIssued = ledger.NotBegun,
            Lost = found.Lost,
            Duplicated = found.Duplicated,
            ReplicasEqual = found.ReplicasEqual,
            Details = found.Details,
        };
    }

    /// <summary>What makes two postings the same: an amount that changed on the way is one operation lost, and one that nobody sent.</summary>
    private readonly record struct Entry(OperationKey Key, decimal Amount)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Key.Kind} {Amount} of transfer {Key.TransferId}");
    }

    private sealed class Findings(int wantedReplicas)
    {
        public List<LostOperation> Lost { get; } = [];
        public int Duplicated { get; private set; }
        public bool ReplicasEqual { get; private set; } = true;
        public List<string> Details { get; } = [];

        public void CompareReplicas(string account, ReplicaBooks[] replicas)
        {
            if (replicas.Length < wantedReplicas) Differ($"account {account}: {replicas.Length} of {wantedReplicas} replicas could be read");
            foreach (var books in replicas)
            {
                if (!books.IsBalanced) Differ($"account {account} on {books.Silo}: the balance {books.Statement.Balance} is not the sum of its postings");
                if (!books.HasSameBooksAs(replicas[0]))
                    Differ($"account {account}: {books.Silo} has {Describe(books)}, {replicas[0].Silo} has {Describe(replicas[0])}{WhereTheyPart(replicas[0], books)}");
            }
        }

        public void CompareOperations(string account, (Entry Entry, Outcome Outcome)[] issued, ReplicaBooks[] replicas)
        {
            var counts = Array.ConvertAll(replicas, CountEntries);
            foreach (var (entry, outcome) in issued)
            {
                int[] times = [.. counts.Select(count => count.GetValueOrDefault(entry))];
                if (outcome == Outcome.Acknowledged && (times.Length == 0 || times.Min() == 0)) Lose(account, entry, replicas, times);
                if (times.Length > 0 && times.Max() > 1) Duplicate($"account {account}: {entry} was executed {times.Max()} times", times.Max() - 1);
            }
            var sent = issued.Select(i => i.Entry).ToHashSet();
            foreach (var strange in counts.SelectMany(count => count.Keys).Where(entry => !sent.Contains(entry)).Distinct())
                Duplicate($"account {account}: {strange} was executed and never sent", counts.Max(count => count.GetValueOrDefault(strange)));
        }

        private void Lose(string account, Entry entry, ReplicaBooks[] replicas, int[] times)
        {
            var without = replicas.Where((_, at) => times[at] == 0).Select(books => books.Silo);
            Lost.Add(new LostOperation(account, entry.Key));
            Details.Add($"account {account}: {entry} was acknowledged and is not on {(replicas.Length == 0 ? "any replica" : string.Join(", ", without))}");
        }

        private void Duplicate(string detail, int times)
        {
            Duplicated += times;
            Details.Add(detail);
        }

        private void Differ(string detail)
        {
            ReplicasEqual = false;
            Details.Add(detail);
        }

        private static Dictionary<Entry, int> CountEntries(ReplicaBooks books) =>
            books.Statement.Postings
                .GroupBy(posting => new Entry(new OperationKey(posting.TransferId, posting.Kind), posting.Amount))
                .ToDictionary(group => group.Key, group => group.Count());

        private static string Describe(ReplicaBooks books) =>
            string.Create(CultureInfo.InvariantCulture, $"{books.Statement.Postings.Length} postings and a balance of {books.Statement.Balance}");

        private static string WhereTheyPart(ReplicaBooks left, ReplicaBooks right)
        {
            var common = left.Statement.Postings.AsSpan().CommonPrefixLength(right.Statement.Postings.AsSpan());
            return $" (they part after posting {common})";
        }
    }
}
