using Xunit;

namespace Orleans.MasterSlave.Tests.Journal.Snapshots;

/// <summary>Histories of the snapshot log from seeds: a few with all tests, and for minutes when asked for.</summary>
public sealed class SnapshotHistoryTests
{
    private const string Kind = "snapshots";
    private int _rewritten, _crashes;

    [Fact]
    public async Task Histories_KeepWhatWasConfirmed_AndNothingElse()
    {
        await Histories.RunAsync(Kind, 20, RunAsync);
        Assert.InRange(_rewritten, 20, int.MaxValue);
        Assert.InRange(_crashes, 20, int.MaxValue);
    }

    [Fact(Explicit = true)]
    public async Task Histories_ForMinutes() => Console.WriteLine($"{await Histories.RunForMinutesAsync(Kind, RunAsync)}; {_crashes} power failures, {_rewritten} files were rewritten");

    private async Task RunAsync(int seed)
    {
        var history = new SnapshotHistory(seed);
        await history.RunAsync();
        (_rewritten, _crashes) = (_rewritten + history.Rewritten, _crashes + history.Crashes);
    }
}
