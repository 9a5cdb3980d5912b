using Orleans.Concurrency;

namespace Bank.Grains;

/// <summary>A bank account. Nothing here knows of replicas: the class says that it is replicated.</summary>
[Alias("bank.IAccount")]
public interface IAccountGrain : IGrainWithStringKey
{
    /// <summary>Takes an amount from the account, for a transfer; gives the new balance, which may be below zero.</summary>
    [Alias("withdraw")]
    Task<decimal> Withdraw(string transferId, decimal amount);

    /// <summary>Adds an amount to the account, for a transfer; gives the new balance.</summary>
    [Alias("deposit")]
    Task<decimal> Deposit(string transferId, decimal amount);

    /// <summary>Changes nothing, but goes the way of a write: through the log, to every replica.</summary>
    [Alias("touch")]
    Task Touch();

    /// <summary>How many postings one replica has: what it is behind by is seen from it, without reading them all.</summary>
    [Alias("posting-count"), ReadOnly]
    Task<int> GetPostingCount();

    /// <summary>The books of the account, as one replica has them.</summary>
    [Alias("statement"), ReadOnly]
    Task<Statement> GetStatement();
}
