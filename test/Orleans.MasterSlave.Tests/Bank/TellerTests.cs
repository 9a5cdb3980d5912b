using System.Collections.Concurrent;
using Bank.Grains;
using Bank.Load;
using Xunit;

namespace Orleans.MasterSlave.Tests.Bank;

public sealed class TellerTests
{
    private static readonly Transfer[] Transfers = [new("t1", "a", "b", 10m), new("broken", "a", "b", 1m), new("t3", "b", "c", 3m)];

    [Fact]
    public async Task Run_RecordsWhatTheCallersWereTold()
    {
        var ledger = new Ledger(Transfers);
        var statistics = new CallStatistics();
        var posted = new ConcurrentBag<OperationKey>();
        var pacer = new Pacer(Transfers.Length, TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var teller = new Teller(ledger, pacer, _ => new FakeAccount(posted), new FailoverClock(TimeProvider.System), statistics, TimeProvider.System);

        await teller.RunAsync(callers: 2, TestContext.Current.CancellationToken);

        Assert.Equal(3, teller.Done);
        Assert.Equal(4, ledger.Count(Outcome.Acknowledged));
        Assert.Equal(1, ledger.Count(Outcome.Failed));
        Assert.Equal(1, statistics.Failed);
        Assert.DoesNotContain(new OperationKey("broken", PostingKind.Deposit), posted); // what was not taken is not paid out
    }

    private sealed class FakeAccount(ConcurrentBag<OperationKey> posted) : IAccountGrain
    {
        public Task<decimal> Withdraw(string transferId, decimal amount)
        {
            if (transferId == "broken") throw new TimeoutException();
            posted.Add(new OperationKey(transferId, PostingKind.Withdrawal));
            return Task.FromResult(0m);
        }

        public Task<decimal> Deposit(string transferId, decimal amount)
        {
            posted.Add(new OperationKey(transferId, PostingKind.Deposit));
            return Task.FromResult(0m);
        }

        public Task Touch() => Task.CompletedTask;

        public Task<int> GetPostingCount() => throw new NotSupportedException();

        public Task<Statement> GetStatement() => throw new NotSupportedException();
    }
}
