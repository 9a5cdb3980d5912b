using System.Collections.Immutable;

namespace Bank.Grains;

/// <summary>Which half of a transfer.</summary>
[GenerateSerializer, Alias("bank.posting-kind")]
public enum PostingKind
{
    Withdrawal,
    Deposit,
}

/// <summary>One operation that an account executed.</summary>
[GenerateSerializer, Immutable, Alias("bank.posting")]
public sealed record Posting(
    [property: Id(0)] string TransferId,
    [property: Id(1)] PostingKind Kind,
    [property: Id(2)] decimal Amount);

/// <summary>The state of an account: its balance, and every operation executed, in order. An operation executed twice is in it twice.</summary>
[GenerateSerializer, Alias("bank.account-state")]
public sealed class Account
{
    [Id(0)] public decimal Balance { get; set; }
    [Id(1)] public List<Posting> Postings { get; set; } = [];
}

/// <summary>A copy of an account's books.</summary>
[GenerateSerializer, Immutable, Alias("bank.statement")]
public sealed record Statement(
    [property: Id(0)] decimal Balance,
    [property: Id(1)] ImmutableArray<Posting> Postings);
