using Bank.Grains;

namespace Bank.Load;

/// <summary>
/// Writes to every group that the victim mastered, from the fault on, until it acknowledges: the paced load reaches an account too seldom to
/// tell when it could be written again.
/// </summary>
internal sealed class FailoverProber(FailoverClock failover, Func<string, IAccountGrain> accounts, CallStatistics statistics, TimeProvider time)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);

    public Task RunAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        return Task.WhenAll(failover.Affected.Select(account => Task.Run(() => ProbeAsync(account, start, limit, cancellation), CancellationToken.None)));
    }

    private async Task ProbeAsync(string account, long start, TimeSpan limit, CancellationToken cancellation)
    {
        while (!failover.HasWritten(account) && time.GetElapsedTime(start) < limit && !cancellation.IsCancellationRequested)
        {
            var issued = time.GetTimestamp();
            try
            {
                await accounts(account).Touch();
                failover.Acknowledged(account, issued);
            }
            catch (Exception error)
            {
                // A probe is a call like any other: that it failed is counted, though it is tried again.
                statistics.FailedWith($"Touch of account {account}", error);
                await Task.Delay(RetryPause, time, CancellationToken.None);
            }
        }
    }
}
