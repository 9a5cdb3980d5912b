using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>
/// Guards the shape of a start: time and memory grow with the number of entries by little. The figures are in docs/log.md. Nothing runs beside it: the memory is that of the
/// whole process.
/// </summary>
[Collection(nameof(StartupTests)), CollectionDefinition(nameof(StartupTests), DisableParallelization = true)]
public sealed class StartupTests : IDisposable
{
    private const int Groups = 1_000, PerGroup = 100;
    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("journal-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Open_OfALargeLog_TakesSeconds_AndHoldsNoPayloads()
    {
        var options = new WriteAheadLogOptions { RecentEntriesBytes = 0 };
        await using (var first = Open(DiskFiles.Instance, options, _folder.FullName))
        {
            var logs = Enumerable.Range(0, Groups).Select(g => first.Log.OpenReplica(GroupOf($"g{g}"))).ToArray();
            for (var i = 1; i <= PerGroup; i++) await Task.WhenAll(logs.Select(log => log.AppendAsync([Entry(1, i, new string('x', 100))])));
            TestContext.Current.TestOutputHelper?.WriteLine($"{first.Log.Syncs} syncs for {Groups * PerGroup} entries");
            Assert.True(first.Log.Syncs <= PerGroup * 20, $"{first.Log.Syncs} syncs");
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var started = TimeProvider.System.GetTimestamp();
        await using var second = Open(DiskFiles.Instance, options, _folder.FullName);
        var elapsed = TimeProvider.System.GetElapsedTime(started);
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{elapsed}, {bytes / Groups:N0} bytes a group, {bytes / (Groups * PerGroup)} an entry");
        Assert.True(elapsed < TimeSpan.FromSeconds(20), $"{elapsed}"); // far less, but on a busy machine
        Assert.True(bytes < Groups * PerGroup * 50L, $"{bytes:N0} bytes for {Groups * PerGroup:N0} entries of 100"); // a payload alone is more
        Assert.Equal(Groups, second.Log.Groups.Count);
        Assert.Equal(PerGroup, second.Log.OpenReplica(GroupOf("g7")).Read(new LogIndex(1), int.MaxValue, int.MaxValue).Count);
    }
}
