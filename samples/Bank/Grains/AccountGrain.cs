using Orleans.MasterSlave;

namespace Bank.Grains;

/// <summary>What an account does, in either mode.</summary>
public abstract class AccountGrain : ReplicatedGrain<Account>, IAccountGrain
{
    public Task<decimal> Withdraw(string transferId, decimal amount) => Post(transferId, PostingKind.Withdrawal, amount);

    public Task<decimal> Deposit(string transferId, decimal amount) => Post(transferId, PostingKind.Deposit, amount);

    public Task Touch() => Task.CompletedTask;

    public Task<int> GetPostingCount() => Task.FromResult(State.Postings.Count);

    public Task<Statement> GetStatement() => Task.FromResult(new Statement(State.Balance, [.. State.Postings]));

    /// <summary>On purpose without a look whether the transfer was posted before: that a call is executed once is the library's promise, which the audit checks.</summary>
    private Task<decimal> Post(string transferId, PostingKind kind, decimal amount)
    {
        State.Postings.Add(new Posting(transferId, kind, amount));
        State.Balance += kind == PostingKind.Deposit ? amount : -amount;
        return Task.FromResult(State.Balance);
    }
}

/// <summary>An account whose operations are acknowledged when every in-sync replica has them on its disk.</summary>
[GrainType(TypeName)]
[Replicated(ReplicationMode.Synchronous, Replicas = 2, MinInSyncReplicas = 1)]
public sealed class SyncAccountGrain : AccountGrain
{
    public const string TypeName = "bank.account";
}

/// <summary>An account whose operations are acknowledged when the master has them on its disk.</summary>
[GrainType(TypeName)]
[Replicated(ReplicationMode.Asynchronous, Replicas = 2, MinInSyncReplicas = 1)]
public sealed class AsyncAccountGrain : AccountGrain
{
    public const string TypeName = "bank.account.async";
}
