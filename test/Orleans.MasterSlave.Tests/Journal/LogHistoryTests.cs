using System.Globalization;
using Xunit;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>Histories of a log from seeds. <c>test/long-log-test.sh</c> runs them for minutes, and one again by its seed.</summary>
public sealed class LogHistoryTests(ITestOutputHelper output)
{
    private const int ReplayedEvery = 50;
    private int _rewritten;

    [Fact]
    public async Task Histories_KeepWhatWasConfirmed()
    {
        for (var seed = 0; seed < 40; seed++) await RunAsync(seed, races: seed % 2 == 0);
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
        if (Number("LOG_TEST_SEED") is { } only)
        {
            await RunAsync((int)only, races: only % 2 == 0 && only % ReplayedEvery != 0);
            return;
        }

        var minutes = Number("LOG_TEST_MINUTES") ?? 2;
        var started = TimeProvider.System.GetTimestamp();
        var first = (int)(Number("LOG_TEST_FIRST_SEED") ?? Random.Shared.Next());
        var seed = first;
        for (; TimeProvider.System.GetElapsedTime(started).TotalMinutes < minutes; seed = unchecked(seed + 1))
        {
            var trace = await RunAsync(seed, races: seed % 2 == 0 && seed % ReplayedEvery != 0);
            if (seed % ReplayedEvery == 0) Assert.True(trace == await RunAsync(seed), $"seed {seed} does not replay");
        }

        Console.WriteLine($"{unchecked(seed - first)} histories from seed {first} on: whole; {_rewritten} files went in rewritings");
    }

    private async Task<ulong> RunAsync(int seed, bool races = false)
    {
        try
        {
            var history = new LogHistory(seed, races);
            await history.RunAsync();
            _rewritten += history.Rewritten;
            return history.Trace;
        }
        catch (Exception)
        {
            Console.WriteLine($"seed {seed} failed: test/long-log-test.sh --seed {seed} runs it again");
            output.WriteLine($"seed {seed} failed");
            throw;
        }
    }

    private static double? Number(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;
}
