using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.TestKit;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Tool;

/// <summary>What the tool says of harmed directories.</summary>
public sealed class ToolDamageTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    private async Task WriteAsync()
    {
        await using var fixture = Open(DiskFiles.Instance, path: _folder.Path);
        var a = fixture.Log.OpenReplica(GroupOf("a"));
        await a.AppendAsync(Entries(1, 1, 3));
        var b = fixture.Log.OpenReplica(GroupOf("b"));
        await b.AppendAsync(Entries(1, 1, 3));
        await b.SaveSnapshotAsync(Snapshot(At(1, 3), 1000), new(3));
        await b.SaveOrphansAsync(Entries(1, 4, 1), At(1, 3));
        await b.AppendAsync(Entries(1, 4, 1));
    }

    private void Alter(string file, Func<byte[], byte[]> change) => File.WriteAllBytes(_folder.File(file), change(File.ReadAllBytes(_folder.File(file))));

    private static byte[] Flip(byte[] bytes, string at)
    {
        bytes[bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(at))] ^= 1;
        return bytes;
    }

    [Fact]
    public async Task DamagedBodies_AreAllNamed_WithFileOffsetAndGroup()
    {
        await WriteAsync();
        var segment = _folder.File(SegmentHeader.FileName(1));
        var offset = (await ToolRun.OfAsync("dump", _folder.Path, "--json", "--group", "test.group/a", "--from", "2", "--to", "2")).Output;
        var at = System.Text.Json.JsonDocument.Parse(offset).RootElement.GetProperty("offset").GetInt64();
        Alter(SegmentHeader.FileName(1), bytes => Flip(Flip(bytes, "payload 1:2"), "payload 1:3"));
        var before = ToolRun.Fingerprint(_folder.Path);
        var run = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"damage  {segment}  offset {at}  group test.group/a  the body of a record is damaged", run.Lines);
        Assert.Equal(2, run.Lines.Count(line => line.Contains("group test.group/a  the body")));
        Assert.Contains("quarantined  test.group/a", run.Lines);
        Assert.DoesNotContain("quarantined  test.group/b", run.Lines);
        Assert.Contains("DAMAGED", (await ToolRun.OfAsync("info", _folder.Path)).Lines.Single(line => line.StartsWith("test.group/a ", StringComparison.Ordinal)));
        var dump = await ToolRun.OfAsync("dump", _folder.Path, "--group", "test.group/a");
        Assert.Equal(1, dump.ExitCode);
        Assert.Single(dump.Lines);
        Assert.Equal(before, ToolRun.Fingerprint(_folder.Path));
    }

    [Fact]
    public async Task DamagedOrMissingSnapshot_AndOrphanFile_AreNamed()
    {
        await WriteAsync();
        Assert.Equal(0, (await ToolRun.OfAsync("verify", _folder.Path)).ExitCode);
        const string snapshot = "snapshots/0000000000000001.snapshot";
        Alter(snapshot, bytes => { bytes[200] ^= 1; return bytes; });
        var orphan = System.IO.Path.GetRelativePath(_folder.Path, OrphanFile.List(_folder.Path).Single());
        Alter(orphan, bytes => bytes[..^3]);
        var run = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(run.Lines, line => line.StartsWith($"damage  {_folder.File(snapshot)}  offset 0  group test.group/b", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.StartsWith($"damage  {_folder.File(orphan)}  ", StringComparison.Ordinal));
        Assert.StartsWith("2 damages: ", run.Lines[^1]);
        Assert.Equal(1, (await ToolRun.OfAsync("orphans", _folder.Path)).ExitCode);

        File.Delete(_folder.File(snapshot));
        Assert.Contains(" is missing", (await ToolRun.OfAsync("verify", _folder.Path)).Output);
    }

    [Fact]
    public async Task MissingAndShortSegment_AreNamed()
    {
        await WriteAsync();
        var segment = SegmentHeader.FileName(1);
        Alter(segment, bytes => bytes[..500]);
        var shortened = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.Equal(1, shortened.ExitCode);
        Assert.Contains($"damage  {_folder.File(segment)}  offset 500  any group  it is 500 bytes long", shortened.Output);
        File.Delete(_folder.File(segment));
        var missing = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("it is missing", missing.Output);
    }

    [Fact]
    public async Task TornTail_IsReported_ButIsNoDamage()
    {
        await using (var fixture = Open(DiskFiles.Instance, path: _folder.Path))
        {
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            await log.AppendAsync(Entries(1, 1, 3));
            await log.AppendAsync(Entries(1, 4, 1));

            // As a crash leaves it: not closed, and the last batch half on the disk.
            using var copy = new TempDirectory();
            foreach (var name in new[] { NodeFile.FileName, SegmentManifest.FileName, SegmentHeader.FileName(1) }) CopyShared(_folder.File(name), copy.File(name));
            var bytes = await File.ReadAllBytesAsync(copy.File(SegmentHeader.FileName(1)), TestContext.Current.CancellationToken);
            Assert.Equal(0, (await ToolRun.OfAsync("verify", copy.Path)).ExitCode);
            bytes[bytes.AsSpan().IndexOf("payload 1:4"u8)] ^= 1;
            await File.WriteAllBytesAsync(copy.File(SegmentHeader.FileName(1)), bytes, TestContext.Current.CancellationToken);
            var run = await ToolRun.OfAsync("verify", copy.Path);
            Assert.Equal(0, run.ExitCode);
            Assert.Contains(run.Lines, line => line.StartsWith("torn  ", StringComparison.Ordinal));
            Assert.Contains("torn  ", (await ToolRun.OfAsync("info", copy.Path)).Output);

            // The next start marks the group (D4).
            await Open(DiskFiles.Instance, path: copy.Path).DisposeAsync();
            Assert.Contains("test.group/a  base e0:0  last e1:3  promised e0  torn up to e1", (await ToolRun.OfAsync("info", copy.Path)).Lines);
            Assert.Equal(0, (await ToolRun.OfAsync("verify", copy.Path)).ExitCode);
        }
    }

    [Fact]
    public async Task FileOfAnotherNode_IsExitCode1()
    {
        await WriteAsync();
        var header = new SegmentHeader(new(new Guid("99999999-2222-3333-4444-555555555555")), 1, 0, 1).ToBytes();
        Alter(SegmentHeader.FileName(1), bytes => [.. header, .. bytes[64..]]);
        var run = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("was written by node", run.Output);
    }

    private static void CopyShared(string from, string to)
    {
        using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var target = File.Create(to);
        source.CopyTo(target);
    }
}
