using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal.Faults;

/// <summary>
/// What was cut is no mark of what stands in its place: entries that are not on the disk yet never count as durable because others were
/// (W3, D2).
/// </summary>
public sealed class CutMarksTests
{
    private readonly SimulatedFiles _disk = new();
    private readonly SemaphoreSlim _begun = new(0);
    private readonly SemaphoreSlim _mayEnd = new(0);
    private volatile bool _held;

    private LogFixture OpenHeld() => Open(new FaultyFiles(_disk, (name, path) =>
    {
        if (!_held || name != "Sync" || !path.EndsWith(".segment", StringComparison.Ordinal)) return;
        _begun.Release();
        _mayEnd.Wait();
    }));

    [Fact]
    public async Task EntriesInThePlaceOfDurableOnes_AreDurableWhenTheyThemselvesAre()
    {
        await using var fixture = OpenHeld();
        var log = fixture.Log.OpenReplica(GroupOf("a"));
        await log.AppendAsync(Entries(1, 1, 5));
        _held = true;
        var cut = log.CutFromAsync(new LogIndex(4));
        var others = log.AppendAsync(Entries(2, 4, 3));
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((new LogIndex(3), At(2, 6)), (log.DurableIndex, log.Last));
        GoOn();
        await Task.WhenAll(cut, others);
        Assert.Equal(new LogIndex(6), log.DurableIndex);
    }

    [Fact]
    public async Task EntriesInThePlaceOfOnesUnderWay_AreDurableWhenTheyThemselvesAre()
    {
        await using var fixture = OpenHeld();
        var log = fixture.Log.OpenReplica(GroupOf("a"));
        await log.AppendAsync(Entries(1, 1, 2));
        _held = true;
        var underWay = log.AppendAsync(Entries(1, 3, 3));
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        var cut = log.CutFromAsync(new LogIndex(4));
        var others = log.AppendAsync(Entries(2, 4, 3));
        _mayEnd.Release();
        await underWay; // what stands in the place of its end is on its way
        Assert.Equal((new LogIndex(3), At(2, 6)), (log.DurableIndex, log.Last));
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(new LogIndex(3), log.DurableIndex);
        GoOn();
        await Task.WhenAll(cut, others);
        Assert.Equal(new LogIndex(6), log.DurableIndex);
    }

    private void GoOn()
    {
        _held = false;
        _mayEnd.Release(10);
    }
}
