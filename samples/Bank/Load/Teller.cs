using Bank.Grains;

namespace Bank.Load;

/// <summary>Performs the transfers with many callers at once, at the pace given, and writes down what the callers were told.</summary>
/// <remarks>Nothing is sent twice here: to get a call past a dead silo is the library's business, and a call that fails is counted as failed.</remarks>
internal sealed class Teller(
    Ledger ledger, Pacer pacer, Func<string, IAccountGrain> accounts, FailoverClock failover, CallStatistics statistics, TimeProvider time)
{
    private int _next = -1;
    private int _done;

    /// <summary>Transfers ended, well or not.</summary>
    public int Done => Volatile.Read(ref _done);

    public Task RunAsync(int callers, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(() => CallAsync(cancellation), CancellationToken.None)));

    private async Task CallAsync(CancellationToken cancellation)
    {
        int number;
        while ((number = Interlocked.Increment(ref _next)) < ledger.Transfers.Count)
        {
            await pacer.WaitForAsync(number, cancellation);
            cancellation.ThrowIfCancellationRequested();
            await PerformAsync(number);
            Interlocked.Increment(ref _done);
        }
    }

    private async Task PerformAsync(int number)
    {
        var transfer = ledger.Transfers[number];
        // Money that was perhaps not taken must not be paid out.
        if (await SendAsync(number, PostingKind.Withdrawal, transfer.From, account => account.Withdraw(transfer.Id, transfer.Amount)))
            await SendAsync(number, PostingKind.Deposit, transfer.To, account => account.Deposit(transfer.Id, transfer.Amount));
    }

    private async Task<bool> SendAsync(int number, PostingKind kind, string account, Func<IAccountGrain, Task<decimal>> call)
    {
        ledger.Record(number, kind, Outcome.Unanswered);
        var issued = time.GetTimestamp();
        try
        {
            await call(accounts(account));
            ledger.Record(number, kind, Outcome.Acknowledged);
            failover.Acknowledged(account, issued);
            statistics.Succeeded(Describe(number, kind, account), time.GetElapsedTime(issued));
            return true;
        }
        catch (Exception error)
        {
            ledger.Record(number, kind, Outcome.Failed);
            statistics.FailedWith(Describe(number, kind, account), error);
            return false;
        }
    }

    private string Describe(int number, PostingKind kind, string account) => $"{kind} of transfer {ledger.Transfers[number].Id} on account {account}";
}
