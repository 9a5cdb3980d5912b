using System.Runtime.CompilerServices;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal.Faults;

/// <summary>
/// A disk that does not read what a running log holds fails that log for good, as a failed sync does, whoever reads (D2).
/// </summary>
public sealed class ReadErrorTests
{
    private readonly SimulatedFiles _disk = new();
    private bool _broken;

    private ILogFiles Files => new FaultyFiles(_disk, (_, _) => { }, reading: (path, offset, _) =>
    {
        if (_broken) throw new IOException($"errno 5 of {path}");
    });

    [Fact]
    public async Task EvictedEntry_ThatIsNotRead_FailsTheLog_NamingFileAndOffset()
    {
        await using var fixture = Open(Files);
        var a = await WrittenAsync(fixture, "a");
        _broken = true;
        var error = Assert.Throws<LogFailedException>(() => a.Read(new LogIndex(1), 9, 9999));
        await StaysFailedAsync(fixture, a, error);
    }

    [Fact]
    public async Task TimeBeforeACut_ThatIsNotRead_FailsTheLog()
    {
        await using var fixture = Open(Files);
        var a = await WrittenAsync(fixture, "a");
        _broken = true;
        var error = await Assert.ThrowsAsync<LogFailedException>(() => a.CutFromAsync(new LogIndex(3)));
        Assert.Equal(20, a.Last.Index.Value); // nothing was changed
        await StaysFailedAsync(fixture, a, error);
    }

    [Theory]
    [InlineData(100)] // in the log
    [InlineData(2_000)] // in the snapshot log
    public async Task Snapshot_ThatIsNotRead_FailsTheLog(int bytes)
    {
        await using var fixture = Open(Files);
        var a = await WrittenAsync(fixture, "a");
        await SaveAsync(a, bytes);
        await SaveAsync(await WrittenAsync(fixture, "b"), bytes); // whoever wrote the first has let go of it
        _broken = true;
        LogFailedException? error = null;
        for (var tries = 0; error is null && tries < 100; tries++)
        {
            GC.Collect(); // it is kept as long as anybody has it
            GC.WaitForPendingFinalizers();
            error = Record.Exception(() => a.Snapshot) as LogFailedException;
            await Task.Yield();
        }

        Assert.NotNull(error);
        await StaysFailedAsync(fixture, a, error);
    }

    /// <summary>A group that is only being opened has begun nothing: it does not open, and the others go on.</summary>
    [Fact]
    public async Task Snapshot_ThatIsNotRead_WhenItsGroupIsOpened_KeepsThatGroupClosed()
    {
        await using (var fixture = Open(_disk)) await SaveAsync(await WrittenAsync(fixture, "a"), 2_000);
        await using var again = Open(Files);
        _broken = true;
        var error = Assert.Throws<LogDirectoryAccessException>(() => again.Log.OpenReplica(GroupOf("a")));
        Assert.Contains("at offset", error.Message, StringComparison.Ordinal);
        Assert.False(again.Log.Failed.IsCompleted);
        await again.Log.OpenReplica(GroupOf("b")).AppendAsync(Entries(1, 1, 1));
    }

    /// <summary>Recovery is a reader too: the log does not open.</summary>
    [Fact]
    public async Task Segment_ThatIsNotRead_AtTheStart_NamesFileAndOffset()
    {
        await using (var fixture = Open(_disk)) await WrittenAsync(fixture, "a");
        _broken = true;
        var error = Assert.Throws<LogDirectoryAccessException>(() => Open(Files));
        Assert.Contains("cannot be read at offset 0: errno 5", error.Message, StringComparison.Ordinal);
    }

    // What passed once is not forgotten: the disk reads again, and the log has failed all the same.
    private async Task StaysFailedAsync(LogFixture fixture, IReplicaLog log, LogFailedException error)
    {
        var read = Assert.IsType<LogReadException>(error.InnerException);
        Assert.StartsWith(LogFixture.Path, read.File, StringComparison.Ordinal);
        Assert.Contains($"'{read.File}' cannot be read at offset {read.Offset}: errno 5", error.Message, StringComparison.Ordinal);
        _broken = false;
        Assert.Same(read, (await fixture.Log.Failed.WaitAsync(TestContext.Current.CancellationToken)).InnerException);
        await Assert.ThrowsAsync<LogFailedException>(() => log.AppendAsync(Entries(1, log.Last.Index.Value + 1, 1)));
        await Assert.ThrowsAsync<LogFailedException>(() => fixture.Log.OpenReplica(GroupOf("c")).AppendAsync(Entries(1, 1, 1)));
    }

    private static async Task<IReplicaLog> WrittenAsync(LogFixture fixture, string group)
    {
        var log = fixture.Log.OpenReplica(GroupOf(group));
        for (var i = 1; i <= 20; i++) await log.AppendAsync(Entries(1, i, 1));
        return log;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task SaveAsync(IReplicaLog log, int bytes) => await log.SaveSnapshotAsync(Snapshot(At(1, 20), bytes), new LogIndex(20));
}
