using Bank.Audit;
using Bank.Grains;
using Bank.Load;
using Xunit;

namespace Orleans.MasterSlave.Tests.Bank;

public sealed class AuditorTests
{
    private static readonly Transfer[] Transfers = [new("t1", "a", "b", 10m), new("t2", "b", "a", 3m)];

    private static readonly Posting[] BooksOfA = [new("t1", PostingKind.Withdrawal, 10m), new("t2", PostingKind.Deposit, 3m)];
    private static readonly Posting[] BooksOfB = [new("t1", PostingKind.Deposit, 10m), new("t2", PostingKind.Withdrawal, 3m)];

    private readonly Ledger _ledger = new(Transfers);
    private readonly List<ReplicaBooks> _books =
        [Books("a", "silo-1", BooksOfA), Books("a", "silo-2", BooksOfA), Books("b", "silo-2", BooksOfB), Books("b", "silo-3", BooksOfB)];

    public AuditorTests()
    {
        for (var number = 0; number < Transfers.Length; number++)
        {
            _ledger.Record(number, PostingKind.Withdrawal, Outcome.Acknowledged);
            _ledger.Record(number, PostingKind.Deposit, Outcome.Acknowledged);
        }
    }

    [Fact]
    public void Examine_OfWholeBooks_FindsNothing()
    {
        var report = Examine();
        Assert.Equal(4, report.Acknowledged);
        Assert.Empty(report.Lost);
        Assert.Equal(0, report.Duplicated);
        Assert.True(report.ReplicasEqual);
        Assert.Empty(report.Details);
    }

    [Fact]
    public void Examine_WithAnAcknowledgedOperationOnNoReplica_FindsItLostOnce()
    {
        Replace("a", BooksOfA[1..], BooksOfA[1..]);
        var report = Examine();
        Assert.Equal([new LostOperation("a", new OperationKey("t1", PostingKind.Withdrawal))], report.Lost);
        Assert.True(report.ReplicasEqual);
    }

    [Fact]
    public void Examine_WithAnAcknowledgedOperationOnOneReplicaOnly_FindsItLostAndReplicasDifferent()
    {
        Replace("a", BooksOfA, BooksOfA[..1]);
        var report = Examine();
        Assert.Equal([new LostOperation("a", new OperationKey("t2", PostingKind.Deposit))], report.Lost);
        Assert.False(report.ReplicasEqual);
    }

    [Fact]
    public void Examine_WithAnOperationExecutedTwice_FindsADuplicate()
    {
        Replace("b", [.. BooksOfB, BooksOfB[0]], [.. BooksOfB, BooksOfB[0]]);
        var report = Examine();
        Assert.Equal(1, report.Duplicated);
        Assert.Empty(report.Lost);
        Assert.True(report.ReplicasEqual);
    }

    [Fact]
    public void Examine_WithAnOperationThatNobodySent_FindsADuplicate()
    {
        Posting[] books = [.. BooksOfB, new Posting("t9", PostingKind.Deposit, 1m)];
        Replace("b", books, books);
        Assert.Equal(1, Examine().Duplicated);
    }

    [Fact]
    public void Examine_WithAnOperationOnTheWrongAccount_FindsItLostThereAndTooManyHere()
    {
        Replace("a", BooksOfA[..1], BooksOfA[..1]);
        Posting[] books = [.. BooksOfB, BooksOfA[1]];
        Replace("b", books, books);
        var report = Examine();
        Assert.Single(report.Lost);
        Assert.Equal(1, report.Duplicated);
    }

    [Fact]
    public void Examine_WithAChangedAmount_FindsOneLostAndOneTooMany()
    {
        Posting[] books = [BooksOfA[0] with { Amount = 11m }, BooksOfA[1]];
        Replace("a", books, books);
        var report = Examine();
        Assert.Single(report.Lost);
        Assert.Equal(1, report.Duplicated);
    }

    [Fact]
    public void Examine_WithReplicasInAnotherOrder_FindsThemDifferent()
    {
        Replace("a", BooksOfA, [BooksOfA[1], BooksOfA[0]]);
        var report = Examine();
        Assert.False(report.ReplicasEqual);
        Assert.Empty(report.Lost);
    }

    [Fact]
    public void Examine_WithABalanceThatDoesNotFollow_FindsReplicasNotEqual()
    {
        _books.RemoveAll(books => books.Account == "a");
        foreach (var silo in new[] { "silo-1", "silo-2" }) _books.Add(new ReplicaBooks("a", silo, new Statement(1_000m, [.. BooksOfA])));
        Assert.False(Examine().ReplicasEqual);
    }

    [Fact]
    public void Examine_WithAReplicaMissing_FindsReplicasNotEqual()
    {
        _books.RemoveAt(0);
        var report = Examine();
        Assert.False(report.ReplicasEqual);
        Assert.Empty(report.Lost);
    }

    [Fact]
    public void Examine_WithAnAccountNotReadAtAll_FindsItsOperationsLost()
    {
        _books.RemoveAll(books => books.Account == "a");
        var report = Examine();
        Assert.False(report.ReplicasEqual);
        Assert.Equal(2, report.Lost.Count);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    public void Examine_OfAFailedCall_AllowsItOnceAtMost(int executions, int duplicated)
    {
        _ledger.Record(1, PostingKind.Deposit, Outcome.Failed);
        Posting[] books = [BooksOfA[0], .. Enumerable.Repeat(BooksOfA[1], executions)];
        Replace("a", books, books);
        var report = Examine();
        Assert.Equal(3, report.Acknowledged);
        Assert.Empty(report.Lost);
        Assert.Equal(duplicated, report.Duplicated);
    }

    private AuditReport Examine() => Auditor.Examine(_ledger, _books, wantedReplicas: 2);

    private void Replace(string account, Posting[] first, Posting[] second)
    {
        _books.RemoveAll(books => books.Account == account);
        _books.AddRange([Books(account, "silo-1", first), Books(account, "silo-2", second)]);
    }

    private static ReplicaBooks Books(string account, string silo, Posting[] postings) =>
        new(account, silo, new Statement(postings.Sum(p => p.Kind == PostingKind.Deposit ? p.Amount : -p.Amount), [.. postings]));
}
