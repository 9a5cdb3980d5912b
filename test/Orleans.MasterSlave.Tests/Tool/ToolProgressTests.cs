using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.TestKit;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Tool;

/// <summary>What the tool says while it reads. Time passes only with each read, or with each look at the clock.</summary>
public sealed partial class ToolProgressTests : IDisposable
{
    private readonly TempDirectory _folder = new();
    private readonly FakeTimeProvider _time = new();
    private int _reads;

    public void Dispose() => _folder.Dispose();

    private async Task WriteAsync()
    {
        await using var fixture = Open(DiskFiles.Instance, path: _folder.Path);
        var log = fixture.Log.OpenReplica(GroupOf("a"));
        for (var i = 1; i <= 200; i++) await log.AppendAsync([Entry(1, i, $"{i} {new string('x', 100)}")]);
        await log.SaveSnapshotAsync(Snapshot(At(1, 10), 2000), new(10));
        await log.SaveOrphansAsync(log.Read(new(200), 1, 1), At(1, 199));
    }

    private FaultyFiles DiskThatTakes(TimeSpan each) => new(DiskFiles.ForReading, (_, _) => { }, reading: (_, _, _) =>
    {
        _reads++;
        _time.Advance(each);
    });

    private static (string File, long Bytes, long Records)[] Parse(string error) => [.. error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line =>
    {
        var match = ProgressLine().Match(line);
        Assert.True(match.Success, line);
        return (match.Groups[1].Value, Number(match.Groups[2].Value), Number(match.Groups[3].Value));
    })];

    private static long Number(string digits) => long.Parse(digits, NumberStyles.AllowThousands, CultureInfo.CurrentCulture);

    [Theory]
    [InlineData("verify")]
    [InlineData("info")]
    [InlineData("dump", "--json")]
    public async Task LongReading_IsToldEachSecond_OnStandardErrorOnly(params string[] command)
    {
        await WriteAsync();
        string[] args = [.. command, _folder.Path];
        var fast = await ToolRun.OfAsync(args);
        Assert.Equal((0, ""), (fast.ExitCode, fast.Error));
        var slow = await ToolRun.AtAsync(_time, DiskThatTakes(TimeSpan.FromSeconds(0.5)), args);
        Assert.Equal((0, fast.Output), (slow.ExitCode, slow.Output));
        var told = Parse(slow.Error);
        Assert.InRange(told.Length, _reads / 4, _reads / 2);
        Assert.True(told.Length >= 2);
        for (var i = 1; i < told.Length; i++)
        {
            Assert.True(told[i].Bytes > told[i - 1].Bytes);
            Assert.True(told[i].Records >= told[i - 1].Records);
        }

        Assert.Contains(told, line => line.Records > 0 && line.File.EndsWith(".segment", StringComparison.Ordinal));
        if (command.Contains("--json")) Assert.All(slow.Lines, line => JsonDocument.Parse(line));
    }

    [Fact]
    public async Task LongReading_OfOneSegment_IsToldBetweenItsRecords()
    {
        await WriteAsync();
        _time.AutoAdvanceAmount = TimeSpan.FromSeconds(0.1);
        var told = Parse((await ToolRun.AtAsync(_time, DiskFiles.ForReading, "verify", _folder.Path)).Error);
        var ofOne = told.Where(line => line.File == SegmentHeader.FileName(1)).ToArray();
        Assert.True(ofOne.Length > 3);
        Assert.Equal(ofOne.Select(line => line.Records).Distinct().Count(), ofOne.Length);
    }

    [Fact]
    public async Task LongReading_OfSnapshotsAndOrphanFiles_IsToldToo()
    {
        await WriteAsync();
        var told = Parse((await ToolRun.AtAsync(_time, DiskThatTakes(TimeSpan.FromSeconds(1)), "verify", _folder.Path)).Error);
        Assert.Contains(told, line => line.File == "0000000000000001.snapshot");
        Assert.Contains(told, line => line.File.EndsWith(".orphans", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReadingOfLessThanASecond_IsSilent()
    {
        await WriteAsync();
        await ToolRun.AtAsync(_time, DiskThatTakes(TimeSpan.Zero), "verify", _folder.Path);
        var reads = _reads;
        var run = await ToolRun.AtAsync(_time, DiskThatTakes(TimeSpan.FromSeconds(0.99) / reads), "verify", _folder.Path);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(2 * reads, _reads);
    }

    [GeneratedRegex(@"^reading  (\S+)  ([\d\W]+) bytes  ([\d\W]+) records$")]
    private static partial Regex ProgressLine();
}
