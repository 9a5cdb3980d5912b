using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.RewriteLogs;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>Which segments are rewritten, and which are not again (D5).</summary>
public sealed class SegmentRewriteChoiceTests
{
    private const int TooOften = 10;

    private readonly SimulatedFiles _disk = new();
    private int _rewritings;

    // Ends what goes on for ever.
    private FaultyFiles Counted => new(_disk, (operation, path) =>
    {
        if (operation != nameof(ILogFiles.Replace) || !path.EndsWith(".segment", StringComparison.Ordinal)) return;
        if (++_rewritings > TooOften) throw new InvalidOperationException("The same segments are rewritten again and again.");
    });

    private long BytesOfOldest => _disk.ReadAll(_disk.All.Where(path => path.EndsWith(".segment", StringComparison.Ordinal)).Order().First()).Length;

    [Fact]
    public async Task WhatIsKeptForOrder_IsNotRewrittenForEver()
    {
        string before;
        await using (var fixture = Open(Counted, Manual))
        {
            var cut = await WriteMuchAndCutAsync(fixture);
            await RollAsync(fixture, fixture.Log.OpenReplica(GroupOf("busy")), 4);
            await fixture.Log.CleanAsync(2);
            var rewritings = _rewritings;
            Assert.Equal(0, await fixture.Log.CleanAsync(2));
            Assert.Equal(rewritings, _rewritings);
            before = Describe(cut);
        }

        // What was kept is not known any more: one more rewriting finds out, and not a second.
        _rewritings = 0;
        await using var again = Open(Counted, Manual);
        await again.Log.CleanAsync(2);
        var once = _rewritings;
        Assert.InRange(once, 0, 2);
        await again.Log.CleanAsync(2);
        Assert.Equal(once, _rewritings);
        Assert.Equal(before, Describe(again.Log.OpenReplica(GroupOf("cut"))));
    }

    [Fact]
    public async Task WhatWasKeptForOrder_GoesSomeTimeAfterNobodyNeedsIt()
    {
        await using var fixture = Open(_disk, Manual);
        await fixture.Log.OpenReplica(GroupOf("idle")).AppendAsync(Entries(1, 1, 1)); // so that the segment stays
        var cut = await WriteMuchAndCutAsync(fixture);
        var busy = fixture.Log.OpenReplica(GroupOf("busy"));
        await RollAsync(fixture, busy, 4);
        await fixture.Log.CleanAsync(2);
        Assert.True(BytesOfOldest > WriteAheadLogOptions.MinSegmentBytes / 2, $"{BytesOfOldest} bytes");

        while (cut.Last.Index.Value < 150) await cut.AppendAsync(Entries(2, cut.Last.Index.Value + 1, 1)); // beyond all that was cut
        await cut.SaveSnapshotAsync(Snapshot(cut.Last), cut.Last.Index);
        await RollAsync(fixture, busy, 66);
        await fixture.Log.CleanAsync(2);
        Assert.True(BytesOfOldest < WriteAheadLogOptions.MinSegmentBytes / 4, $"{BytesOfOldest} bytes");
    }

    [Fact]
    public async Task LargeRecordsThatNobodyNeeds_DoNotHideBehindManySmallOnes()
    {
        const int segments = 6, large = 2_000;
        await using var fixture = Open(_disk, Manual);
        var big = fixture.Log.OpenReplica(GroupOf("big"));
        for (var i = 0; i < segments * 6; i++)
        {
            await big.AppendAsync([Entry(1, big.Last.Index.Value + 1, new string('.', large))]);
            for (var group = 0; group < 3; group++) await fixture.Log.OpenReplica(GroupOf($"small {i} {group}")).PromiseAsync(new Epoch(1));
        }

        await big.SaveSnapshotAsync(Snapshot(big.Last), big.Last.Index);
        Assert.True(fixture.Log.Segments >= segments, $"{fixture.Log.Segments} segments");
        Assert.True(await fixture.Log.CleanAsync(2) >= segments - 3);
    }

    [Fact]
    public async Task SegmentThatGoesDuringItsCopy_IsNothingToWarnOf()
    {
        var warnings = new List<string>();
        var (creating, mayGoOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var files = new FaultyFiles(_disk, (operation, path) =>
        {
            if (operation != nameof(ILogFiles.Create) || !path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal)) return;
            creating.TrySetResult();
            mayGoOn.Task.Wait();
        });
        await using var fixture = Open(files, Manual, logger: new Warnings(warnings));
        var idle = fixture.Log.OpenReplica(GroupOf("idle"));
        await idle.AppendAsync(Entries(1, 1, 3));
        await RollAsync(fixture, fixture.Log.OpenReplica(GroupOf("busy")), 4);
        var rewriting = Task.Run(() => fixture.Log.CleanAsync(2));
        await creating.Task;
        await idle.SaveSnapshotAsync(Snapshot(idle.Last), idle.Last.Index); // the old segments go
        while (fixture.Log.Segments > 2) await Task.Yield();
        mayGoOn.SetResult();
        Assert.Equal(0, await rewriting);
        Assert.Empty(warnings);
        Assert.DoesNotContain(_disk.All, path => path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal));
        Assert.False(fixture.Log.Failed.IsCompleted);
    }

    [Fact]
    public void Policy_LeavesWhatIsMostlyNeeded_AndJoinsNeighbours()
    {
        Assert.Empty(Chosen((100, 80), (100, 60), (100, 90)));
        Assert.Equal([1, 2], Chosen((100, 80), (100, 10), (100, 20), (100, 90)));
        Assert.Equal([0], Chosen((100, 10), (100, 90)));
        Assert.Empty(Chosen((20, 10), (100, 90)));
        Assert.Equal([0, 1], Chosen((20, 10), (100, 0), (100, 60)));
        Assert.Equal([0, 1], Chosen((100, 50), (100, 50), (100, 1)));
        Assert.Empty(Chosen((20, 20), (20, 20)));
    }

    [Theory]
    [InlineData(0, 48, 32)]
    [InlineData(96, 56, 32)]
    [InlineData(64, 64, 64)]
    [InlineData(1_073_741_816, 1_073_741_824, 1_073_741_824)]
    [InlineData(8, 134_217_720, 67_108_864)]
    public void PackedRecord_KeepsItsOffset_AndAboutItsLength(int offset, int bytes, long weight)
    {
        var packed = new PackedRecord(offset, bytes);
        Assert.Equal((offset, weight), (packed.Offset, packed.Weight));
        Assert.Equal(weight, PackedRecord.WeightOf(bytes));
        Assert.Equal((1024, weight), (packed.At(1024).Offset, packed.At(1024).Weight));
    }

    // A segment and more of entries that are cut, above the base: what comes after would not follow without them.
    private static async Task<IReplicaLog> WriteMuchAndCutAsync(LogFixture fixture)
    {
        var cut = fixture.Log.OpenReplica(GroupOf("cut"));
        for (var i = 1; i <= 100; i++) await cut.AppendAsync([Entry(1, i, new string('c', 100))]);
        await cut.CutFromAsync(new LogIndex(2));
        return cut;
    }

    private static int[] Chosen(params (long End, long Needed)[] segments)
    {
        var all = segments.Select((segment, i) => new FileUse<SegmentFile>(new SegmentFile(i, "") { End = segment.End }, segment.Needed)).ToArray();
        return [.. RewritePolicy.Choose(all, 100).Select(file => (int)file.Number)];
    }

    private sealed class Warnings(List<string> all) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel level) => level >= LogLevel.Warning;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? error, Func<TState, Exception?, string> format)
        {
            lock (all) all.Add(format(state, error));
        }
    }
}
