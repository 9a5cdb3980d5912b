using System.Text.Json;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.TestKit;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Tool;

/// <summary>A disk that does not read a file to its end: it is one finding, and all else that there is to find is found.</summary>
public sealed class ToolUnreadTests : IDisposable
{
    private const int PageBytes = 4096;
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Snapshot1 => _folder.File("snapshots/0000000000000001.snapshot");

    private string Orphans => OrphanFile.List(_folder.Path).Single();

    private int Segments => Directory.GetFiles(_folder.Path, "log-*.segment").Length;

    private string Segment(int number) => _folder.File(SegmentHeader.FileName(number));

    private async Task WriteAsync()
    {
        await using var fixture = Open(DiskFiles.Instance, path: _folder.Path);
        var logs = new[] { "a", "b", "c" }.Select(key => fixture.Log.OpenReplica(GroupOf(key))).ToArray();
        for (var i = 1; i <= 60; i += 2)
        {
            foreach (var log in logs) await log.AppendAsync([Entry(1, i, $"{i} {new string('x', 100)}"), Entry(1, i + 1, $"{i + 1} {new string('y', 300)}")]);
        }

        await logs[2].SaveSnapshotAsync(Snapshot(At(1, 50), 2000), new(50));
        await logs[2].SaveOrphansAsync(logs[2].Read(new(60), 1, 1), At(1, 59));
    }

    private async Task<int[]> OffsetsAsync(string group, int number) =>
        [.. (await ToolRun.OfAsync("dump", _folder.Path, "--json", "--group", group)).Lines.Select(line => JsonDocument.Parse(line).RootElement)
            .Where(entry => entry.GetProperty("file").GetString() == SegmentHeader.FileName(number)).Select(entry => entry.GetProperty("offset").GetInt32())];

    private static void Flip(string path, int offset)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[offset] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    // As a disk with one bad page does: a read that touches it gives nothing.
    private static FaultyFiles BadPages(params (string Path, long Offset)[] pages) => new(DiskFiles.ForReading, (_, _) => { }, reading: (path, offset, length) =>
    {
        if (pages.Any(page => page.Path == path && offset < page.Offset + PageBytes && offset + length > page.Offset)) throw new IOException("Input/output error");
    });

    [Fact]
    public async Task BadPage_WhereverItIsInASegment_IsOneUnreadFinding_AndNoDamage()
    {
        await WriteAsync();
        Assert.True(Segments > 2);
        for (var number = 1; number <= Segments; number++)
        {
            for (var page = 0L; page < new FileInfo(Segment(number)).Length; page += PageBytes)
            {
                var run = await ToolRun.OnAsync(BadPages((Segment(number), page)), "verify", _folder.Path);
                Assert.Equal((2, ""), (run.ExitCode, run.Error));
                Assert.StartsWith($"unread  {Segment(number)}  offset {page}  ", run.Lines[0]);
                Assert.Contains("Input/output error", run.Lines[0]);
                Assert.Equal("refused  a silo does not open this directory as it is", run.Lines[1]);
                Assert.StartsWith("1 files not read: ", run.Lines[2]);
                Assert.Equal(3, run.Lines.Length);
            }
        }
    }

    [Fact]
    public async Task DamageElsewhere_IsFoundBesideBadPages_AlsoBeforeOneInTheSameSegment()
    {
        await WriteAsync();
        var first = (await OffsetsAsync("test.group/a", 1))[1];
        var second = (await OffsetsAsync("test.group/b", 2))[^1];
        Flip(Segment(1), first + 130);
        Flip(Segment(2), second + 130);
        Flip(Snapshot1, 200);
        Flip(Orphans, 100);
        string[] others =
        [
            $"damage  {Segment(1)}  offset {first}  group test.group/a  the body of a record is damaged",
            $"damage  {Segment(2)}  offset {second}  group test.group/b  the body of a record is damaged",
            $"damage  {Snapshot1}  offset 0  group test.group/c",
            $"damage  {Orphans}  offset ",
        ];
        var (page1, page3) = ((first / PageBytes + 2) * PageBytes, PageBytes);
        var run = await ToolRun.OnAsync(BadPages((Segment(1), page1), (Segment(3), page3)), "verify", _folder.Path);
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        foreach (var begin in others.Append($"unread  {Segment(1)}  offset {page1}  ").Append($"unread  {Segment(3)}  offset {page3}  "))
            Assert.Single(run.Lines, line => line.StartsWith(begin, StringComparison.Ordinal));
        Assert.StartsWith("4 damages, 2 files not read: ", run.Lines[^1]);
    }

    [Fact]
    public async Task BadPage_ThatBeginsWithARecord_InTheMiddleOfABatch_IsNoDamage()
    {
        var filler = 100;
        for (var attempt = 0; ; attempt++)
        {
            using var folder = new TempDirectory();
            await using (var fixture = Open(DiskFiles.Instance, path: folder.Path))
            {
                var log = fixture.Log.OpenReplica(GroupOf("a"));
                await log.AppendAsync([Entry(1, 1, new string('x', 2000))]);
                await log.AppendAsync([Entry(1, 2, new string('x', filler)), Entry(1, 3), Entry(1, 4)]);
                await log.AppendAsync([Entry(1, 5)]);
            }

            var dump = await ToolRun.OfAsync("dump", folder.Path, "--json");
            var offset = dump.Lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("offset").GetInt32()).ElementAt(2);
            if (offset != PageBytes)
            {
                Assert.Equal(0, attempt);
                filler += PageBytes - offset;
                continue;
            }

            var run = await ToolRun.OnAsync(BadPages((folder.File(SegmentHeader.FileName(1)), PageBytes)), "verify", folder.Path);
            Assert.Equal(2, run.ExitCode);
            Assert.StartsWith("unread  ", run.Lines[0]);
            Assert.StartsWith("1 files not read: 4 records of 1 groups ", run.Lines[2]);
            return;
        }
    }

    [Fact]
    public async Task InfoAndDump_ShowWhatLiesBeforeABadPage_AndInOtherSegments()
    {
        await WriteAsync();
        var before = (await OffsetsAsync("test.group/a", 2)).Count(offset => offset < 2 * PageBytes - 500);
        var third = await OffsetsAsync("test.group/a", 3);
        var disk = BadPages((Segment(2), 2 * PageBytes));
        var info = await ToolRun.OnAsync(disk, "info", _folder.Path);
        Assert.Equal((2, ""), (info.ExitCode, info.Error));
        Assert.Single(info.Lines, line => line.EndsWith("  READ IN PART", StringComparison.Ordinal) && line.StartsWith(SegmentHeader.FileName(2), StringComparison.Ordinal));
        Assert.Contains(info.Lines, line => line.StartsWith("test.group/b  base e0:0  last e1:60", StringComparison.Ordinal) && line.EndsWith("  PARTLY UNREAD", StringComparison.Ordinal));
        Assert.DoesNotContain("torn", info.Output);
        Assert.Single(info.Lines, line => line.StartsWith($"unread  {Segment(2)}  offset {2 * PageBytes}  ", StringComparison.Ordinal));

        var dump = await ToolRun.OnAsync(disk, "dump", _folder.Path, "--json", "--group", "test.group/a");
        Assert.Equal(2, dump.ExitCode);
        Assert.Contains("Input/output error", dump.Error);
        var shown = dump.Lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("file").GetString()).ToArray();
        Assert.InRange(shown.Count(file => file == SegmentHeader.FileName(2)), before, before + 1);
        Assert.Equal(third.Length, shown.Count(file => file == SegmentHeader.FileName(3)));
        Assert.Equal(0, (await ToolRun.OnAsync(disk, "orphans", _folder.Path)).ExitCode);
    }

    [Fact]
    public async Task BadPageInTheLastBatch_IsNotTakenForATornOne()
    {
        await using var fixture = Open(DiskFiles.Instance, path: _folder.Path);
        var log = fixture.Log.OpenReplica(GroupOf("a"));
        await log.AppendAsync(Entries(1, 1, 3));
        await log.AppendAsync([Entry(1, 4, new string('x', PageBytes - 300))]);
        foreach (var command in new[] { "verify", "info" })
        {
            var run = await ToolRun.OnAsync(BadPages((Segment(1), PageBytes)), command, _folder.Path);
            Assert.Equal((2, ""), (run.ExitCode, run.Error));
            Assert.Single(run.Lines, line => line.StartsWith($"unread  {Segment(1)}  offset {PageBytes}  ", StringComparison.Ordinal));
            Assert.DoesNotContain("torn", run.Output);
            Assert.DoesNotContain("damage", run.Output);
        }
    }

    [Fact]
    public async Task BadPageInASnapshotAndAnOrphanFile_AreTwoUnreadFindings()
    {
        await WriteAsync();
        var run = await ToolRun.OnAsync(BadPages((Snapshot1, 0), (Orphans, 0)), "verify", _folder.Path);
        Assert.Equal((2, ""), (run.ExitCode, run.Error));
        foreach (var path in new[] { Snapshot1, Orphans }) Assert.Single(run.Lines, line => line.StartsWith($"unread  {path}  ", StringComparison.Ordinal));
        Assert.StartsWith("2 files not read: ", run.Lines[^1]);
    }

    [Fact]
    public async Task DiskThatReadsNothingOfTheRecords_NamesEachFile()
    {
        await WriteAsync();
        var paths = Enumerable.Range(1, Segments).Select(Segment).Append(Snapshot1).Append(Orphans).ToArray();
        var run = await ToolRun.OnAsync(BadPages([.. paths.Select(path => (path, 0L))]), "verify", _folder.Path);
        Assert.Equal((2, ""), (run.ExitCode, run.Error));
        foreach (var path in paths.Where(path => path != Snapshot1)) Assert.Single(run.Lines, line => line.StartsWith($"unread  {path}  offset 0  ", StringComparison.Ordinal));
        Assert.StartsWith($"{paths.Length - 1} files not read: 0 records ", run.Lines[^1]); // which snapshot there is to read is told by the segments
    }
}
