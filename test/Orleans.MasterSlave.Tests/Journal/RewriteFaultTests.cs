using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.RewriteLogs;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>What goes wrong beside the log, while old segments are rewritten, is no reason for the log to stop; and nothing is left behind.</summary>
public sealed class RewriteFaultTests
{
    private readonly SimulatedFiles _disk = new();

    private IReadOnlyList<string> Segments => [.. _disk.All.Where(path => path.EndsWith(".segment", StringComparison.Ordinal))];

    // "idle" keeps the first segment, and some after it are needed by nobody.
    private static async Task WriteAsync(LogFixture fixture)
    {
        await fixture.Log.OpenReplica(GroupOf("idle")).AppendAsync(Entries(1, 1, 3));
        await RollAsync(fixture, fixture.Log.OpenReplica(GroupOf("busy")), 5);
    }

    [Theory]
    [InlineData("does not read")]
    [InlineData("may not be read")]
    [InlineData("is gone")]
    public async Task SegmentThatCannotBeRead_IsLeftAlone_AndTheOthersAreRewritten(string what)
    {
        string? unreadable = null;
        var files = new FaultyFiles(_disk, (_, _) => { }, opening: path =>
        {
            if (path == unreadable) throw what switch { "does not read" => new IOException(what), "is gone" => new FileNotFoundException(what), _ => new UnauthorizedAccessException(what) };
        });
        await using var fixture = Open(files, Manual);
        await WriteAsync(fixture);
        unreadable = Segments[1];
        Assert.True(await fixture.Log.CleanAsync(2) > 0);
        Assert.Equal(unreadable, Segments[1]);
        Assert.False(fixture.Log.Failed.IsCompleted);
    }

    [Fact]
    public async Task SegmentWhoseHeadWasOverwritten_IsLeftAlone_AndTheOthersAreRewritten()
    {
        await using var fixture = Open(_disk, Manual);
        await WriteAsync(fixture);
        string[] harmed = [Segments[0], Segments[3]];
        foreach (var path in harmed) _disk.Alter(path, bytes => { bytes[0] ^= 1; return bytes; });
        var before = harmed.Select(_disk.ReadAll).ToArray();
        await fixture.Log.CleanAsync(2);
        Assert.Equal(before, harmed.Select(_disk.ReadAll));
        Assert.False(fixture.Log.Failed.IsCompleted);
    }

    [Fact]
    public async Task SegmentAfterThoseToRewrite_CannotBeRead_TheyAreNotCopiedAgainAndAgain()
    {
        var copies = 0;
        var files = new FaultyFiles(_disk, (operation, path) =>
        {
            if (operation == nameof(ILogFiles.Create) && path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal)) copies++;
        });
        await using var fixture = Open(files, Manual);
        await WriteAsync(fixture);
        _disk.Alter(Segments[^3], bytes => { bytes[20] ^= 1; return bytes; }); // the oldest that is not rewritten itself; the last is the spare
        for (var i = 0; i < 5; i++) await fixture.Log.CleanAsync(2);
        Assert.InRange(copies, 1, 2);
        Assert.True(Segments.Count < 6, $"{Segments.Count} segments");
    }

    [Fact]
    public async Task LogThatIsClosedDuringACopy_LeavesNoFile()
    {
        var (creating, mayGoOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var files = new FaultyFiles(_disk, (operation, path) =>
        {
            if (operation != nameof(ILogFiles.Create) || !path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal)) return;
            creating.TrySetResult();
            mayGoOn.Task.Wait();
        });
        var options = Manual;
        (options.CleanInBackground, options.SnapshotAfterSegments) = (true, 2);
        var fixture = Open(files, options);
        await WriteAsync(fixture);
        await creating.Task;
        var closing = fixture.DisposeAsync();
        mayGoOn.SetResult();
        await closing;
        Assert.DoesNotContain(_disk.All, path => path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal));
    }

    [Fact]
    public async Task LogThatFailsDuringACopy_IsNotRewrittenAnyMore()
    {
        LogFixture? fixture = null;
        var files = new FaultyFiles(_disk, (operation, path) =>
        {
            if (operation == nameof(ILogFiles.Create) && path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal)) fixture!.Log.Commit.Fail(new IOException("elsewhere"));
        });
        await using (fixture = Open(files, Manual))
        {
            await WriteAsync(fixture);
            var before = Segments;
            Assert.Equal(0, await fixture.Log.CleanAsync(2));
            Assert.Equal(before.SkipLast(1), Segments.Take(before.Count - 1)); // the last is the spare, which goes
            Assert.DoesNotContain(_disk.All, path => path.EndsWith(RewriteFile.Suffix, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task DiskThatIsFull_BeforeTheLogKnows_DoesNotFailTheLog()
    {
        await using var fixture = Open(_disk, Manual);
        var idle = fixture.Log.OpenReplica(GroupOf("idle"));
        for (var i = 1; i <= 45; i++) await idle.AppendAsync([Entry(1, i, new string('.', 100))]); // all of it needed
        await RollAsync(fixture, fixture.Log.OpenReplica(GroupOf("busy")), 4); // nothing of it needed
        _disk.Capacity = 0;
        var segments = Segments;
        Assert.Equal(0, await fixture.Log.CleanAsync(2));
        Assert.False(fixture.Log.Failed.IsCompleted);
        Assert.Equal(segments, Segments);
        _disk.Capacity = long.MaxValue;
        Assert.True(await fixture.Log.CleanAsync(2) > 0);
    }
}
