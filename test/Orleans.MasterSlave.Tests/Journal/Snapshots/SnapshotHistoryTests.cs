using System.Globalization;
using Xunit;

namespace Orleans.MasterSlave.Tests.Journal.Snapshots;

/// <summary>Histories of the snapshot log from seeds: a few with all tests, and for minutes when asked for.</summary>
public sealed class SnapshotHistoryTests(ITestOutputHelper output)
{
    private int _rewritten, _crashes;

    [Fact]
    public async Task Histories_KeepWhatWasConfirmed_AndNothingElse()
    {
        for (var seed = 0; seed < 20; seed++) await RunAsync(seed);
        Assert.InRange(_rewritten, 20, int.MaxValue);
        Assert.InRange(_crashes, 20, int.MaxValue);
    }

    [Fact(Explicit = true)]
    public async Task Histories_ForMinutes()
    {
        var minutes = Number("LOG_TEST_SEED") is null ? Number("LOG_TEST_MINUTES") ?? 2 : 0;
        var started = TimeProvider.System.GetTimestamp();
        var first = (int)(Number("LOG_TEST_SEED") ?? Number("LOG_TEST_FIRST_SEED") ?? Random.Shared.Next());
        var seed = first;
        do await RunAsync(seed);
        while (TimeProvider.System.GetElapsedTime(started).TotalMinutes < minutes && ++seed < int.MaxValue);
        Console.WriteLine($"{seed - first + 1} histories of snapshots from seed {first} on: whole; {_rewritten} files were rewritten, {_crashes} power failures");
    }

    private async Task RunAsync(int seed)
    {
        var history = new SnapshotHistory(seed);
        try
        {
            await history.RunAsync();
        }
        catch (Exception)
        {
            Console.WriteLine($"seed {seed} of snapshots failed");
            output.WriteLine($"seed {seed} failed");
            throw;
        }

        _rewritten += history.Rewritten;
        _crashes += history.Crashes;
    }

    private static double? Number(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;
}
