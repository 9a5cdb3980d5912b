using Xunit;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>Histories of a log from seeds: a few with all tests, and for minutes when asked for.</summary>
public sealed class LogHistoryTests
{
    private const string Kind = "log";
    private const int ReplayedEvery = 50;
    private int _rewritten;

    [Fact]
    public async Task Histories_KeepWhatWasConfirmed()
    {
        await Histories.RunAsync(Kind, 40, seed => RunAsync(seed, races: seed % 2 == 0));
        Assert.InRange(_rewritten, 10, int.MaxValue);
    }

    [Fact]
    public async Task History_RunAgainFromItsSeed_DoesTheSame()
    {
        for (var seed = 1000; seed < 1100; seed++) Assert.Equal(await RunAsync(seed), await RunAsync(seed));
    }

    [Fact(Explicit = true)]
    public async Task Histories_ForMinutes()
    {
        var told = await Histories.RunForMinutesAsync(Kind, async seed =>
        {
            var isReplayed = seed % ReplayedEvery == 0;
            var trace = await RunAsync(seed, races: seed % 2 == 0 && !isReplayed);
            if (isReplayed) Assert.True(trace == await RunAsync(seed), $"seed {seed} does not replay");
        });
        Console.WriteLine($"{told}; {_rewritten} files went in rewritings");
    }

    private async Task<ulong> RunAsync(int seed, bool races = false)
    {
        var history = new LogHistory(seed, races);
        await history.RunAsync();
        _rewritten += history.Rewritten;
        return history.Trace;
    }
}
