using System.Text.RegularExpressions;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.TestKit;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Tool;

/// <summary>The tool beside a log that appends, rolls, takes snapshots and deletes segments all the time.</summary>
public sealed partial class ToolLiveTests : IDisposable
{
    private const int Writers = 3;
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task EveryCommand_BesideABusyLog_SeesAWholeLogOfOneMoment()
    {
        await using var fixture = Open(DiskFiles.Instance, path: _folder.Path);
        using var stop = new CancellationTokenSource();
        var begun = Enumerable.Range(0, Writers).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
        var writers = begun.Select((first, i) => Task.Run(() => WriteAsync(fixture, $"g{i}", first, stop.Token))).ToArray();
        await Task.WhenAny(Task.WhenAll(begun.Select(first => first.Task)), Task.WhenAny(writers));
        var (firstSeen, lastSeen) = (long.MaxValue, 0L);
        for (var round = 0; round < 40 || lastSeen < firstSeen + 5; round++)
        {
            Assert.All(writers, writer => Assert.False(writer.IsFaulted, writer.Exception?.ToString()));
            var verify = await ToolRun.OfAsync("verify", _folder.Path);
            Assert.True(verify.ExitCode == 0, verify.Output + verify.Error);
            var info = await ToolRun.OfAsync("info", _folder.Path);
            Assert.True(info.ExitCode == 0, info.Output + info.Error);
            if (OperatingSystem.IsLinux()) Assert.Contains($"held by process {Environment.ProcessId} ", info.Output);
            var segments = SegmentsLine().Match(info.Output);
            firstSeen = Math.Min(firstSeen, long.Parse(segments.Groups[1].Value));
            lastSeen = Math.Max(lastSeen, long.Parse(segments.Groups[2].Value));
            var dump = await ToolRun.OfAsync("dump", _folder.Path);
            Assert.True(dump.ExitCode == 0, dump.Error);
            for (var i = 0; i < Writers; i++) AssertOneRun(dump, $"test.group/g{i}  e1:");
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        Assert.False(fixture.Log.Failed.IsCompleted);
    }

    [Fact]
    public async Task Looking_LeavesEveryByteAndTheLockAlone()
    {
        await using (var fixture = Open(DiskFiles.Instance, path: _folder.Path))
        {
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            await log.AppendAsync(Entries(1, 1, 3));
            var before = ToolRun.Fingerprint(_folder.Path);
            foreach (var command in new[] { "info", "dump", "verify", "orphans" }) Assert.Equal(0, (await ToolRun.OfAsync(command, _folder.Path)).ExitCode);
            Assert.Equal(before, ToolRun.Fingerprint(_folder.Path));
            await log.AppendAsync(Entries(1, 4, 1));
        }

        if (OperatingSystem.IsLinux()) Assert.Contains("lock            free", (await ToolRun.OfAsync("info", _folder.Path)).Output);
    }

    private static void AssertOneRun(ToolRun dump, string prefix)
    {
        var indexes = dump.Lines.Where(line => line.StartsWith(prefix, StringComparison.Ordinal) && line.Contains("  operation  "))
            .Select(line => long.Parse(line[prefix.Length..line.IndexOf(' ', prefix.Length)])).ToArray();
        Assert.NotEmpty(indexes);
        Assert.Equal(Enumerable.Range(0, indexes.Length).Select(i => indexes[0] + i), indexes);
    }

    private static async Task WriteAsync(LogFixture fixture, string key, TaskCompletionSource first, CancellationToken stop)
    {
        var log = fixture.Log.OpenReplica(GroupOf(key));
        for (var index = 1L; !stop.IsCancellationRequested; index++)
        {
            await log.AppendAsync([Entry(1, index, new string('x', 200))]);
            first.TrySetResult();
            if (index % 20 == 0) await log.SaveSnapshotAsync(Snapshot(At(1, index), index % 40 == 0 ? 100 : 1000), new(index - 5));
            if (index % 500 == 0) await log.SaveOrphansAsync([Entry(1, index)], At(1, index - 1));
        }
    }

    [GeneratedRegex(@"segments\s+\d+: (\d+) to (\d+)")]
    private static partial Regex SegmentsLine();
}
